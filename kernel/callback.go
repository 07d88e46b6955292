package kernel

import "github.com/aemp-go/aemp/loop"

// Callback calls f now, in the context of no port: a panic in it is logged and goes no
// further. Call it on Loop.
func (n *Node) Callback(f func(self *Context)) {
	ctx := &n.shards[0].ctx
	ctx.protect(func() { f(ctx) })
}

// CallbackIn calls f in a port's context on its loop, soon and in order, unless the port
// has died by then. Call it on Loop.
func (n *Node) CallbackIn(p *Port, f func(self *Context)) {
	n.shards[0].to(p.shard, loop.Func(func() {
		if !p.dead.Load() {
			p.ctx.protect(func() { f(&p.ctx) })
		}
	}))
}
