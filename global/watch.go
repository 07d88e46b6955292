package global

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// A Watch shows a watcher the changes of a family until it is stopped.
type Watch struct {
	db      *DB
	family  string
	stopped atomic.Bool
	onStop  func()

	// Who is shown: f on the node's loop, or else whoever has the feed.
	f    func(self *kernel.Context, c Change)
	feed *feed

	// The loop's.
	at    int // in watched.watches, plus one
	shown bool
}

// watched is a family with the watches of it.
type watched struct {
	watches []*Watch
}

// Watch calls f with the contents of a family as soon as they are known, and then with
// every change. They are known once this node has had a master who has told them, or at
// once on a global node: so f isn't called while no global node has ever been in reach. When
// the master is lost the view stays as it is; the next master's is shown as a
// difference from it. What this node sets itself is seen when the master knows it.
//
// f is called on the node's loop, in the context of no port, and must not block; a panic
// in it is logged. The error is a *NameError, ErrTooMany or ErrClosed. Any goroutine or
// handler.
func (d *DB) Watch(family string, f func(self *kernel.Context, c Change)) (*Watch, error) {
	w := &Watch{db: d, family: family, f: f}
	if err := d.begin(w); err != nil {
		return nil, err
	}
	return w, nil
}

// WatchIn is Watch for a handler: f is called in the context of its port, on that port's
// loop, and the watch ends with the port. In a handler of no port it is Watch.
func (d *DB) WatchIn(self *kernel.Context, family string, f func(self *kernel.Context, c Change)) (*Watch, error) {
	port := self.Port()
	if port == nil {
		return d.Watch(family, f)
	}
	w := &Watch{db: d, family: family, feed: &feed{family: family}}
	show := func(self *kernel.Context) {
		if w.stopped.Load() {
			return
		}
		if c, ok := w.feed.take(); ok {
			f(self, c)
		}
	}
	w.feed.notify = func() { d.node.CallbackIn(port, show) }
	if err := d.begin(w); err != nil {
		return nil, err
	}
	m, err := d.node.Monitor(port.ID(), func(*kernel.Context, kernel.Reason) { w.Stop() })
	if err != nil {
		w.Stop()
		return nil, err
	}
	w.onStop = func() { m.Cancel() }
	return w, nil
}

// Changes is Watch for a goroutine:
//
//	for c, err := range db.Changes(ctx, "workers") { … }
//
// Who is slow gets what has changed meanwhile as one difference. It goes on until the
// loop is left, or with an error as its last element: when ctx ends, its error (at a
// deadline ErrTimeout, which is a *NoMasterError if there was no master), ErrClosed, or one
// of Watch; in a handler ErrWouldBlock. The Change is the caller's until the loop goes on.
func (d *DB) Changes(ctx context.Context, family string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if d.node.Inside() {
			yield(Change{}, kernel.ErrWouldBlock)
			return
		}
		ready := make(chan struct{}, 1)
		f := &feed{family: family, notify: func() {
			select {
			case ready <- struct{}{}:
			default:
			}
		}}
		w := &Watch{db: d, family: family, feed: f}
		if err := d.begin(w); err != nil {
			yield(Change{}, err)
			return
		}
		defer w.Stop()
		for {
			select {
			case <-ready:
				if c, ok := f.take(); ok && !yield(c, nil) {
					return
				}
			case <-ctx.Done():
				yield(Change{}, d.expired(ctx, family))
				return
			case <-d.ended:
				yield(Change{}, kernel.ErrClosed)
				return
			}
		}
	}
}

// begin puts a watch in its place.
func (d *DB) begin(w *Watch) error {
	if err := checkReadable(w.family); err != nil {
		return err
	}
	if d.closed.Load() {
		return kernel.ErrClosed
	}
	if d.watches.Add(1) > MaxWatches {
		d.watches.Add(-1)
		return fmt.Errorf("%w watches: %d", kernel.ErrTooMany, MaxWatches)
	}
	if !d.loop.Post(loop.Func(func() { d.enter(w) })) {
		d.watches.Add(-1)
		return kernel.ErrClosed
	}
	return nil
}

// Stop ends the watch. Its watcher isn't called any more; on another goroutine a call that
// is under way may still be running. Any goroutine, any number of times.
func (w *Watch) Stop() {
	if w.stopped.Swap(true) {
		return
	}
	if w.onStop != nil {
		w.onStop()
	}
	w.db.watches.Add(-1)
	w.db.loop.Post(loop.Func(func() { w.db.leave(w) }))
}

// enter begins to watch the family, or shows what is known of it; what was set here before
// is on its way then.
func (d *DB) enter(w *Watch) {
	d.takeNow()
	if d.machine.Dirty() {
		d.input(d.machine.Flush) // or it would be shown, and then told of as news
	}
	d.input(func(now time.Duration) []Action {
		if w.stopped.Load() {
			return nil
		}
		of := d.families[w.family]
		first := of == nil
		if first {
			of = &watched{}
			d.families[w.family] = of
		}
		of.watches = append(of.watches, w)
		w.at = len(of.watches)
		switch {
		case first:
			return d.machine.Watch(now, w.family)
		case d.machine.Known(w.family):
			d.showAll(w)
		}
		return nil
	})
}

// leave ends a watch that has entered.
func (d *DB) leave(w *Watch) {
	d.input(func(now time.Duration) []Action {
		of := d.families[w.family]
		if w.at == 0 || of == nil {
			return nil
		}
		last := len(of.watches) - 1
		of.watches[w.at-1] = of.watches[last]
		of.watches[w.at-1].at = w.at
		of.watches[last] = nil
		of.watches = of.watches[:last]
		w.at = 0
		if last > 0 {
			return nil
		}
		delete(d.families, w.family)
		return d.machine.Unwatch(now, w.family)
	})
}

// changed shows a family's watchers its changes. None of them can come or go meanwhile:
// that takes an input.
func (d *DB) changed(a *Action) {
	of := d.families[a.Family]
	if of == nil {
		return
	}
	var (
		list []news
		c    = Change{Family: a.Family, View: View{family: a.Family, machine: d.machine}}
	)
	for _, w := range of.watches {
		switch {
		case !w.shown:
			d.showAll(w)
		case w.feed != nil:
			if list == nil {
				list = newsOf(a.Changes)
			}
			w.feed.put(list)
		default:
			if c.empty() {
				for _, diff := range a.Changes {
					c.add(string(diff.Key), diff.Before != nil, diff.After != nil)
				}
				c.sort()
			}
			d.show(w, c)
		}
	}
}

// showAll is the first that a watcher sees: the contents as they are.
func (d *DB) showAll(w *Watch) {
	w.shown = true
	if w.feed == nil {
		v := View{family: w.family, machine: d.machine}
		d.show(w, Change{Family: w.family, Added: v.Keys(), View: v})
		return
	}
	list := make([]news, 0, d.machine.Len(w.family))
	for key, value := range d.machine.Entries(w.family) {
		list = append(list, news{string(key), false, true, value.Clone()})
	}
	w.feed.put(list)
}

func (d *DB) show(w *Watch, c Change) {
	if !w.stopped.Load() {
		d.node.Callback(func(self *kernel.Context) { w.f(self, c) })
	}
}
