package kernel

import (
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/loop"
)

// attempt is a try to connect to all of a node's addresses: first to those that are known
// here, and, if there are none or all of them fail, to those that the database knows.
type attempt struct {
	schedule schedule
	addrs    []netip.AddrPort
	tick     loop.Timer
	limit    loop.Timer
	dials    []*conn
	tried    int
	asked    bool // the database
	finding  bool // it hasn't answered yet
	last     error
}

// connect starts to dial the node, unless that is under way or not possible now.
func (p *peer) connect() {
	if p.live != nil || p.failing || p.attempt != nil || p.retired || p.ended {
		return
	}
	n := p.node
	addrs := n.addresses(p.id)
	if len(addrs) == 0 {
		if len(p.conns) > 0 {
			return // it is just coming to us
		}
		if n.database == nil {
			p.giveUp(&ConnectError{Node: p.id, Err: ErrNoAddress})
			return
		}
	}
	a := &attempt{}
	p.attempt = a
	a.tick = p.shard.loop.NewTimer(loop.Func(func() { p.dialNext(a) }))
	a.limit = loop.After(p.shard.loop, n.monitorTimeout, func() {
		if p.attempt == a {
			p.giveUp(&ConnectError{Node: p.id, Tried: a.tried, Err: a.overdue()})
		}
	})
	if len(addrs) == 0 {
		p.find(a)
		return
	}
	p.dialAll(a, addrs)
}

// overdue says what the attempt was waiting for when its time was over.
func (a *attempt) overdue() error {
	if a.finding {
		return ErrNoAnswer
	}
	return ErrTimeout
}

// find asks the database where the node is.
func (p *peer) find(a *attempt) {
	a.asked, a.finding = true, true
	p.shard.lookUp(p.id, func(addrs []netip.AddrPort) { p.found(a, addrs) })
}

func (p *peer) found(a *attempt, addrs []netip.AddrPort) {
	if p.attempt != a {
		return
	}
	a.finding = false
	fresh := slices.DeleteFunc(slices.Clone(addrs), func(addr netip.AddrPort) bool { return slices.Contains(a.addrs, addr) })
	if len(fresh) == 0 {
		p.abandon(a.last)
		return
	}
	p.dialAll(a, fresh)
}

func (p *peer) dialAll(a *attempt, addrs []netip.AddrPort) {
	a.addrs = addrs
	a.schedule = newSchedule(len(addrs), p.node.connectInterval, p.node.monitorTimeout)
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
	a.tried++
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
			p.exhausted(a)
		}
		return
	}
	if a.schedule.running == 0 && a.schedule.next == a.schedule.n && !a.finding {
		p.abandon(a.last)
	}
}

// exhausted: no address that was tried has led to the node.
func (p *peer) exhausted(a *attempt) {
	if p.node.database != nil && !a.asked {
		p.find(a)
		return
	}
	p.abandon(a.last)
}

// abandon gives up unless the peer is just coming to us, or nobody waits.
func (p *peer) abandon(err error) {
	if len(p.conns) > 0 || p.ended {
		return
	}
	a := p.attempt
	if a == nil {
		if n, _ := p.out.Level(); n == 0 && len(p.watched) == 0 {
			p.retire()
			return
		}
		p.connect() // we had only waited for it to come
		return
	}
	if a.tried == 0 {
		err = ErrNoAddress
	}
	p.giveUp(&ConnectError{Node: p.id, Tried: a.tried, Err: err})
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
