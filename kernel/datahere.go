package kernel

import (
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop"
)

// here makes a raw connection of the node with itself: the two ends of a connection over the
// loopback. A listener of its own serves it, since the node may have none. Whoever else
// connects to that is turned away: the ends know each other by their addresses.
type here struct {
	opening  *opening
	f        DataHandler
	listener loop.Listener
	limit    loop.Timer
	caller   loop.Conn   // nil until it is open
	called   []loop.Conn // one of them is the other end
	over     bool
}

// connectHere is on the courier's shard.
func (o *opening) connectHere() {
	h, err := newHere(o)
	if err != nil {
		o.finish(nil, err)
		return
	}
	h.dial()
}

func newHere(o *opening) (h *here, err error) {
	s := o.data.shard
	h = &here{opening: o}
	if h.f, err = s.node.wanted(o.function()); err != nil {
		return nil, o.broken(err)
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if h.listener, err = s.loop.Listen(netip.AddrPortFrom(loopback, 0), h.accept); err != nil {
		return nil, o.broken(err)
	}
	return h, nil
}

// broken is what an opening ends with when this very node can't make the connection.
func (o *opening) broken(err error) error {
	return &dataconn.Error{Kind: dataconn.Refused, Node: o.name.Node, Err: err}
}

func (h *here) dial() {
	o, s := h.opening, h.opening.data.shard
	h.limit = loop.After(s.loop, o.timeout, func() {
		h.fail(&dataconn.Error{Kind: dataconn.TimedOut, Node: o.name.Node, After: o.timeout})
	})
	s.loop.Dial(h.listener.Addr(), o.timeout, &hereEnd{h: h, calls: true})
}

// function is the one that the opening names.
func (o *opening) function() string {
	name, _ := o.call.At(0).Text() // which newOpening has put there
	return name
}

func (h *here) accept(netip.AddrPort) loop.Handler {
	if h.over || len(h.called) == maxCalled {
		return nil
	}
	return &hereEnd{h: h}
}

// hereEnd is a connection until both ends are known.
type hereEnd struct {
	loop.NopHandler
	h     *here
	calls bool
}

func (e *hereEnd) Open(c loop.Conn) {
	h := e.h
	switch {
	case h.over:
		c.Close(errGivenUp)
		return
	case e.calls:
		h.caller = c
	default:
		h.called = append(h.called, c)
	}
	h.match()
}

func (e *hereEnd) Closed(_ loop.Conn, err error) {
	if e.calls {
		e.h.fail(e.h.opening.broken(err))
	}
}

// match looks whether both ends are there.
func (h *here) match() {
	if h.caller == nil {
		return
	}
	i := slices.IndexFunc(h.called, func(c loop.Conn) bool { return c.Remote() == h.caller.Local() })
	if i < 0 {
		return
	}
	caller, called := h.caller, h.called[i]
	h.caller, h.called = nil, slices.Delete(h.called, i, i+1)
	h.end()
	h.connect(caller, called)
}

// connect gives the two ends to those who wait for them.
func (h *here) connect(caller, called loop.Conn) {
	o, s := h.opening, h.opening.data.shard
	if o.over {
		caller.Close(errGivenUp)
		called.Close(errGivenUp)
		return
	}
	ours, err := caller.Detach(nil)
	if err != nil {
		called.Close(err)
		o.finish(nil, o.broken(err))
		return
	}
	theirs, err := called.Detach(nil)
	if err != nil {
		_ = ours.Close()
		o.finish(nil, o.broken(err))
		return
	}
	w := &awaited{args: o.call.Drop(1), f: h.f}
	w.serve(s, &DataConn{Conn: theirs, node: s.node.id})
	o.finish(&DataConn{Conn: ours, node: s.node.id}, nil)
}

func (h *here) fail(err error) {
	if !h.over {
		h.end()
		h.opening.finish(nil, err)
	}
}

// end takes down what isn't one of the two ends.
func (h *here) end() {
	h.over = true
	h.listener.Close()
	h.limit.Stop()
	for _, c := range h.called {
		c.Close(errGivenUp)
	}
	if h.caller != nil {
		h.caller.Close(errGivenUp)
	}
}
