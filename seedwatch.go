package aemp

import (
	"maps"
	"slices"

	"github.com/aemp-go/aemp/loop"
)

// seedWatch knows what is wrong with which seed, and who wants to hear of it. It
// belongs to the keeper's loop.
type seedWatch struct {
	wrong    map[string]error
	watchers []*seedWatcher
}

type seedWatcher struct{ f func(seed string, err error) }

// report is told by the keeper.
func (w *seedWatch) report(name string, err error) {
	switch {
	case err == nil:
		delete(w.wrong, name)
	case w.wrong == nil:
		w.wrong = map[string]error{name: err}
	default:
		w.wrong[name] = err
	}
	for _, to := range w.watchers {
		to.f(name, err)
	}
}

// names is of what something is wrong, all seeds together last.
func (w *seedWatch) names() []string {
	names := slices.Sorted(maps.Keys(w.wrong))
	if len(names) > 0 && names[0] == "" {
		names = append(names[1:], "")
	}
	return names
}

// WatchSeeds calls f, on a loop, for each seed that can't be reached, saying why, and
// then whenever that changes: nil, it is reached again, or is no seed any more. An error
// may be a *HandshakeError: then somebody is there, but doesn't talk with us. A source of
// seeds is spoken of by its name, and all seeds together by an empty one, with ErrNoSeed,
// when not one of them can be reached.
func (n *Node) WatchSeeds(f func(seed string, err error)) (cancel func()) {
	w := &seedWatcher{f}
	l := n.core.Loop()
	l.Post(loop.Func(func() {
		for _, name := range n.seeds.names() {
			f(name, n.seeds.wrong[name])
		}
		n.seeds.watchers = append(n.seeds.watchers, w)
	}))
	return func() {
		l.Post(loop.Func(func() {
			n.seeds.watchers = slices.DeleteFunc(n.seeds.watchers, func(o *seedWatcher) bool { return o == w })
		}))
	}
}
