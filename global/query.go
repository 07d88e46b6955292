package global

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// A query waits to be answered. It is in DB.asking, the loop's, from its start to its
// answer.
type query struct {
	number  uint64
	kind    QueryKind
	family  string
	done    func(codec.Value, error)
	dropped atomic.Bool // cancelled
}

// StartQuery asks the master for a family, and calls done once, on the node's loop, in the
// context of no port, with the answer: a map for QueryFamily, a list for the others,
// borrowed during the call. While there is no master it waits for one. The error that done
// gets is ErrClosed. After cancel it isn't called, unless it is just running. It is for
// goroutines that can't wait; those that can use Family, Keys and Values, handlers QueryIn.
func (d *DB) StartQuery(kind QueryKind, family string, done func(codec.Value, error)) (cancel func(), err error) {
	if err := checkReadable(family); err != nil {
		return nil, err
	}
	if d.closed.Load() {
		return nil, kernel.ErrClosed
	}
	if d.queries.Add(1) > MaxQueries {
		d.queries.Add(-1)
		return nil, fmt.Errorf("%w queries: %d", kernel.ErrTooMany, MaxQueries)
	}
	q := &query{number: d.number.Add(1), kind: kind, family: family, done: done}
	if !d.loop.Post(loop.Func(func() { d.startQuery(q) })) {
		d.queries.Add(-1)
		return nil, kernel.ErrClosed
	}
	return func() {
		q.dropped.Store(true)
		d.loop.Post(loop.Func(func() { d.cancelQuery(q) }))
	}, nil
}

// QueryIn is StartQuery for a handler: f is called in the context of its port (of no port,
// if it has none) unless that has died by then. The value is the caller's to keep. With a
// timeout f gets, if there is no answer by then, the errors of Family at a deadline.
func (d *DB) QueryIn(self *kernel.Context, kind QueryKind, family string, timeout time.Duration, f func(self *kernel.Context, v codec.Value, err error)) error {
	var over atomic.Bool
	finish := func(self *kernel.Context, v codec.Value, err error) {
		if !over.Swap(true) {
			f(self, v, err)
		}
	}
	port := self.Port()
	cancel, err := d.StartQuery(kind, family, func(v codec.Value, err error) {
		v = v.Clone()
		call := func(self *kernel.Context) { finish(self, v, err) }
		if port == nil {
			d.node.Callback(call)
		} else {
			d.node.CallbackIn(port, call)
		}
	})
	if err == nil && timeout > 0 {
		self.After(timeout, func(self *kernel.Context) {
			cancel()
			finish(self, codec.Value{}, d.late(family))
		})
	}
	return err
}

func (d *DB) startQuery(q *query) {
	d.asking[q.number] = q
	if d.closed.Load() {
		d.answer(q.number, codec.Value{}, kernel.ErrClosed)
		return
	}
	d.takeNow()
	d.input(func(now time.Duration) []Action { return d.machine.Query(now, q.number, q.kind, q.family) })
}

func (d *DB) cancelQuery(q *query) {
	if d.asking[q.number] == nil {
		return
	}
	d.forgetQuery(q.number)
	d.input(func(time.Duration) []Action { d.machine.Cancel(q.number); return nil })
}

func (d *DB) forgetQuery(number uint64) {
	delete(d.asking, number)
	d.queries.Add(-1)
}

// answer ends a query; one that was cancelled is nobody's any more.
func (d *DB) answer(number uint64, result codec.Value, err error) {
	q := d.asking[number]
	if q == nil {
		return
	}
	d.forgetQuery(number)
	if !q.dropped.Load() {
		d.node.Callback(func(*kernel.Context) { q.done(result, err) })
	}
}

// Family reads a family: all its keys with their values, as the master knows them, what
// the caller has set before among them unless the way to the master is congested. A
// family in which nobody has set anything is empty. While this node has no master it waits
// for one; if none has come by ctx's deadline, the error is a *NoMasterError, and if the
// master didn't answer, ErrTimeout. If ctx is canceled it is its error; in a handler, which
// uses QueryIn or watches, ErrWouldBlock. The values are the caller's to keep.
func (d *DB) Family(ctx context.Context, family string) (map[string]codec.Value, error) {
	return ask(ctx, d, QueryFamily, family, familyOf)
}

// Keys lists the keys of a family, sorted. It waits and fails as Family does.
func (d *DB) Keys(ctx context.Context, family string) ([]string, error) {
	return ask(ctx, d, QueryKeys, family, keysOf)
}

// Values lists the values of a family in the order of their keys. It waits and fails as
// Family does.
func (d *DB) Values(ctx context.Context, family string) ([]codec.Value, error) {
	return ask(ctx, d, QueryFamily, family, valuesOf)
}

// ask waits for a query's answer and reads it.
func ask[T any](ctx context.Context, d *DB, kind QueryKind, family string, read func(codec.Value) (T, error)) (none T, err error) {
	type answer struct {
		result T
		err    error
	}
	if d.node.Inside() {
		return none, kernel.ErrWouldBlock
	}
	if ctx.Err() != nil {
		return none, d.expired(ctx, family)
	}
	answered := make(chan answer, 1)
	cancel, err := d.StartQuery(kind, family, func(v codec.Value, err error) {
		var a answer
		if a.err = err; err == nil {
			a.result, a.err = read(v)
		}
		answered <- a
	})
	if err != nil {
		return none, err
	}
	select {
	case a := <-answered:
		return a.result, a.err
	case <-ctx.Done():
		cancel()
		return none, d.expired(ctx, family)
	case <-d.ended:
		return none, kernel.ErrClosed
	}
}

// expired is the error of a wait that ctx has ended.
func (d *DB) expired(ctx context.Context, family string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return d.late(family)
	}
	return ctx.Err()
}

// late is the error of a wait that took too long.
func (d *DB) late(family string) error {
	if d.Master() == "" && !d.IsGlobal() {
		return &NoMasterError{family}
	}
	return kernel.ErrTimeout
}

func familyOf(v codec.Value) (map[string]codec.Value, error) {
	entries, err := v.Clone().Map()
	if err != nil {
		return nil, err
	}
	all := make(map[string]codec.Value, entries.Len())
	for entries.Next() {
		all[entries.Key()] = entries.Value()
	}
	return all, nil
}

func keysOf(v codec.Value) ([]string, error) {
	list, err := v.List()
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, list.Len())
	for list.More() {
		keys = append(keys, list.Text())
	}
	slices.Sort(keys)
	return keys, list.Err()
}

// valuesOf sorts by key, which is why it wants the whole family.
func valuesOf(v codec.Value) ([]codec.Value, error) {
	all, err := familyOf(v)
	if err != nil {
		return nil, err
	}
	values := make([]codec.Value, 0, len(all))
	for _, key := range sortedKeys(all) {
		values = append(values, all[key])
	}
	return values, nil
}

// sortedKeys: iterating in a fixed order keeps a simulation repeatable.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
