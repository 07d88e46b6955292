package kernel

import (
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/loop"
)

// attempt is a try to connect to all of a node's addresses.
type attempt struct {
	schedule schedule
	addrs    []netip.AddrPort
	tick     loop.Timer
	limit    loop.Timer
	dials    []*conn
	last     error
}

// connect starts to dial the node, unless that is under way or not possible now.
func (p *peer) connect() {
	if p.live != nil || p.failing || p.attempt != nil || p.retired || p.ended {
		return
	}
	addrs := p.node.addresses(p.id)
	if len(addrs) == 0 {
		if len(p.conns) > 0 {
			return // it is just coming to us
		}
		p.giveUp(&ConnectError{Node: p.id, Err: ErrNoAddress})
		return
	}
	n := p.node
	a := &attempt{
		schedule: newSchedule(len(addrs), n.connectInterval, n.monitorTimeout),
		addrs:    addrs,
	}
	p.attempt = a
	a.tick = p.shard.loop.NewTimer(loop.Func(func() { p.dialNext(a) }))
	a.limit = loop.After(p.shard.loop, n.monitorTimeout, func() {
		if p.attempt == a {
			p.giveUp(&ConnectError{Node: p.id, Tried: a.schedule.next, Err: ErrTimeout})
		}
	})
	p.dialNext(a)
}

func (p *peer) dialNext(a *attempt) {
	if p.attempt != a {
		return
	}
	i, again, ok := a.schedule.tick(randomFloat(p.shard.loop))
	if !ok {
		return
	}
	if again > 0 {
		a.tick.Reset(again)
	}
	a.dials = append(a.dials, p.shard.dial(a.addrs[i], p.id))
}

// dialFailed: a connection has ended; it may have been one of the attempt's.
func (p *peer) dialFailed(c *conn, err error) {
	a := p.attempt
	if a == nil {
		if p.live == nil && !p.failing {
			p.abandon(err)
		}
		return
	}
	if i := slices.Index(a.dials, c); i >= 0 {
		a.dials = slices.Delete(a.dials, i, i+1)
		a.last = err
		if a.schedule.failed() {
			p.abandon(err)
		}
		return
	}
	if a.schedule.running == 0 && a.schedule.next == a.schedule.n {
		p.abandon(a.last)
	}
}

// abandon gives up unless the peer is just coming to us, or nobody waits.
func (p *peer) abandon(err error) {
	if len(p.conns) > 0 || p.ended {
		return
	}
	tried := 0
	if p.attempt != nil {
		tried = p.attempt.schedule.next
	}
	if n, _ := p.out.Level(); p.attempt == nil && n == 0 && len(p.watched) == 0 {
		p.retire()
		return
	}
	if tried == 0 {
		if len(p.node.addresses(p.id)) > 0 {
			p.connect() // we had only waited for it to come
			return
		}
		err = ErrNoAddress
	}
	p.giveUp(&ConnectError{Node: p.id, Tried: tried, Err: err})
}

// giveUp: the node can't be reached. What is queued is lost, and its monitors fire.
func (p *peer) giveUp(err *ConnectError) {
	p.node.note(p.id, err)
	p.survivor.AttemptFailed()
	p.fail(transportError(p.id, err))
}

// endAttempt stops dialling; connections that got as far as a greeting are the survivor's.
func (p *peer) endAttempt() {
	a := p.attempt
	if a == nil {
		return
	}
	p.attempt = nil
	a.tick.Stop()
	a.limit.Stop()
	for _, c := range a.dials {
		if c.peer == nil {
			c.link.Close(errGivenUp)
		}
	}
}
