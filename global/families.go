package global

import (
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// Families calls f once, on the node's loop, in the context of no port, with the number of
// keys of each family that has any. Only a global node knows that: elsewhere f gets nil. The
// error is ErrClosed. Any goroutine or handler.
func (d *DB) Families(f func(self *kernel.Context, keys map[string]int)) error {
	posted := d.loop.Post(loop.Func(func() {
		if d.closed.Load() {
			return
		}
		keys := d.machine.families()
		d.node.Callback(func(self *kernel.Context) { f(self, keys) })
	}))
	if !posted || d.closed.Load() {
		return kernel.ErrClosed
	}
	return nil
}

// families are those of a global node, with the number of their keys; nil elsewhere.
func (m *Machine) families() map[string]int {
	if !m.global {
		return nil
	}
	keys := map[string]int{}
	for _, family := range m.store.Families() {
		keys[family] = m.store.Len(family)
	}
	return keys
}
