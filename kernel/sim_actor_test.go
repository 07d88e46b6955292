package kernel

import (
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/history"
)

// actor is what acts in a process: a port's handlers or a goroutine.
type actor struct {
	proc     *process
	name     string
	port     *Port // nil: a goroutine
	monitors []*watch
}

// watch is a monitor of an actor's, in the kernel and in the history.
type watch struct {
	target string
	since  time.Duration
	m      *Monitor
	h      *history.Monitor
}

// means is what an actor acts through.
type means interface {
	Send(to string, args ...any) error
	Kill(target string, reason ...any) error
	Monitor(target string, f func(*Context, Reason)) (*Monitor, error)
	Spawn(node, function string, args ...any) (string, error)
}

// act does something at random. self is nil in a goroutine.
func (a *actor) act(by means, self *Context, ttl int) {
	net := a.proc.net
	switch net.r.IntN(15) {
	case 0, 1:
		a.monitor(by, net.target(), self != nil)
	case 2:
		a.cancel()
	case 3:
		if net.oneIn(2) {
			a.kill(by, net.victim())
		}
	case 4:
		a.spawn(by, net.nodes[net.r.IntN(len(net.nodes))].id)
	case 5:
		if self != nil {
			a.call(self, net.target())
		} else {
			a.callOutside(net.target())
		}
	case 6:
		to := net.target()
		a.monitor(by, to, self != nil)
		a.burst(by, to, ttl)
	case 7:
		if self != nil && net.oneIn(10) {
			a.fail(self)
		}
	case 8:
		a.openData(self)
	default:
		a.burst(by, net.target(), ttl)
	}
}

// target is a port, or seldom a node, alive or not.
func (net *network) target() string {
	if len(net.ports) == 0 || net.oneIn(30) {
		return net.nodes[net.r.IntN(len(net.nodes))].id
	}
	return net.ports[net.r.IntN(len(net.ports))]
}

// victim is a port to be killed, mostly one that a program made at run time.
func (net *network) victim() string {
	for range 4 {
		if id := net.target(); len(id) > 6 {
			return id
		}
	}
	return net.target()
}

// know lets actors aim at a port.
func (net *network) know(id string) {
	for _, known := range net.ports {
		if known == id {
			return
		}
	}
	net.ports = append(net.ports, id)
	if n := len(net.ports); n > 40 {
		i := net.r.IntN(n)
		net.ports[i] = net.ports[n-1]
		net.ports = net.ports[:n-1]
	}
}

// burst sends some messages to one port.
func (a *actor) burst(by means, to string, ttl int) {
	net := a.proc.net
	n := 1 + net.r.IntN(4)
	if net.oneIn(8) {
		n = 10 + net.r.IntN(40)
	}
	for range n {
		if !a.send(by, to, ttl) {
			return
		}
	}
}

// payload is some octets, mostly few.
func (net *network) payload() []byte {
	n := net.r.IntN(64)
	if !net.over && net.oneIn(net.big) {
		n = 256 << net.r.IntN(6)
	}
	b := make([]byte, n)
	x := net.r.Uint64()
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = byte(x >> 56)
	}
	return b
}

func sumOf(b []byte, ttl int) uint64 {
	return uint64(crc32.ChecksumIEEE(b)) | uint64(ttl)<<32
}

// letter is a message that wants to be sent, or sent again after ErrFull.
type letter struct {
	to   string
	ttl  int
	body []byte
}

// send sends a message and says whether it was accepted. What isn't a port's ID
// isn't sent to.
func (a *actor) send(by means, to string, ttl int) bool {
	return a.post(by, letter{to, ttl, a.proc.net.payload()}) == nil
}

func (a *actor) post(by means, l letter) error {
	p, net := a.proc, a.proc.net
	if history.NodeOf(l.to) == l.to {
		return nil
	}
	m := history.Message{From: p.p.Actor(a.name), To: l.to, Seq: p.p.NextSeq(a.name, l.to), Sum: sumOf(l.body, l.ttl)}
	net.traced = false
	err := by.Send(l.to, "m", m.From, m.Seq, l.ttl, l.body)
	switch {
	case err == nil:
		epoch, dropped := p.fate(l.to)
		p.p.Accepted(a.name, m, epoch, dropped)
		net.met.Sent++
		if dropped {
			net.met.Dropped++
		}
	case errors.Is(err, ErrFull):
		net.met.Full++
	case errors.Is(err, ErrOverload):
		net.met.Overload++
	case errors.Is(err, ErrClosed):
	default:
		panic(err)
	}
	return err
}

// fate is in which epoch the message just sent was accepted.
func (p *process) fate(to string) (epoch uint64, dropped bool) {
	if history.NodeOf(to) == p.id {
		return history.Local, false
	}
	if !p.net.traced {
		panic("nothing was accepted for " + to)
	}
	return p.net.epoch, p.net.dropped
}

// received is what every port does with a message of a send.
func (a *actor) received(self *Context, m codec.Message) {
	ttl := a.deliver(m)
	if a.proc.net.over || ttl <= 0 || !a.proc.net.oneIn(4) {
		return
	}
	a.act(self, self, ttl-1)
}

func (a *actor) deliver(m codec.Message) (ttl int) {
	r := m.Args()
	from, seq, ttl, body := r.Text(), r.Uint(), int(r.Int()), r.Bytes()
	if r.Err() != nil {
		panic(r.Err())
	}
	a.proc.p.Delivered(history.Message{From: from, To: a.proc.p.ID(a.name), Seq: seq, Sum: sumOf(body, ttl)})
	a.proc.net.met.Delivered++
	return ttl
}

// monitor watches a target. A persistent one does what supervisors do: when it has
// fired it watches again and sends something, and so on; at once or, if it was quick
// to fire, after a while.
func (a *actor) monitor(by means, target string, persistent bool) {
	a.watch(by, target, persistent && a.proc.net.oneIn(2))
}

func (a *actor) watch(by means, target string, persistent bool) {
	p, net := a.proc, a.proc.net
	w := &watch{target: target, since: net.w.Now(), h: p.p.Watch(a.name, target)}
	m, err := by.Monitor(target, func(self *Context, r Reason) {
		w.h.Fired(r.Kind() == ReasonTransport)
		net.met.Fired++
		a.forget(w)
		if !persistent || r.Kind() != ReasonTransport {
			return
		}
		again := func(self *Context) {
			if !net.over {
				net.met.Rewatched++
				a.watch(self, target, true)
				a.send(self, target, 1)
			}
		}
		if net.w.Now()-w.since > 20*time.Millisecond {
			again(self)
		} else {
			self.After(net.exp(100*time.Millisecond), again)
		}
	})
	if err != nil {
		w.h.Cancelled()
		return
	}
	w.m = m
	a.monitors = append(a.monitors, w)
}

func (a *actor) forget(w *watch) {
	for i := range a.monitors {
		if a.monitors[i] == w {
			a.monitors = append(a.monitors[:i], a.monitors[i+1:]...)
			return
		}
	}
}

func (a *actor) cancel() {
	if len(a.monitors) == 0 {
		return
	}
	w := a.monitors[a.proc.net.r.IntN(len(a.monitors))]
	if w.m.Cancel() {
		w.h.Cancelled()
		a.proc.net.met.Cancelled++
	}
	a.forget(w)
}

func (a *actor) kill(by means, target string) {
	p := a.proc
	if history.NodeOf(target) == target {
		return
	}
	p.net.traced = false
	if by.Kill(target, "killed", p.net.r.IntN(10)) == nil {
		epoch, dropped := p.fate(target)
		p.p.KillAsked(a.name, target, epoch, dropped)
		p.net.met.Kills++
	}
}

func (a *actor) spawn(by means, node string) {
	p := a.proc
	p.net.traced = false
	id, err := by.Spawn(node, "sim::worker", p.net.r.IntN(100))
	if err != nil {
		return
	}
	epoch, dropped := p.fate(id)
	p.p.SpawnAsked(a.name, id, epoch, dropped)
	p.net.met.Spawns++
	if p.net.oneIn(2) {
		a.watch(by, id, false)
	}
	a.send(by, id, 1)
}

// call asks a port for an answer.
func (a *actor) call(self *Context, target string) {
	p, net := a.proc, a.proc.net
	if history.NodeOf(target) == target {
		return
	}
	var timeout time.Duration
	if net.oneIn(2) {
		timeout = net.exp(300 * time.Millisecond)
	}
	question := net.r.IntN(1 << 30)
	o := p.p.Begin("call", a.name)
	err := self.Call(target, []any{"c", question}, timeout, func(self *Context, m codec.Message, err error) {
		o.End()
		switch {
		case err == nil:
			net.met.Answers++
			if answer := m.At(0); !answerIs(answer, question) {
				net.h.Note(fmt.Sprintf("answer %v to %d", answer, question))
				p.p.Left("wrong answers", 1)
			}
		case errors.Is(err, ErrTimeout):
			net.met.Timeouts++
		default:
			net.met.Broken++
		}
	})
	if err != nil {
		o.End()
	}
	net.met.Calls++
}

// callOutside is call by a goroutine, which may give up.
func (a *actor) callOutside(target string) {
	p, net := a.proc, a.proc.net
	if history.NodeOf(target) == target {
		return
	}
	k := &p.n.NewCaller().call
	unwatched, err := p.n.calls.begin(k, target, true)
	if err != nil {
		return
	}
	question := net.r.IntN(1 << 30)
	m, err := k.prepare(nil, unwatched, []any{"c", question})
	if err == nil {
		err = k.try(m)
	}
	if err != nil {
		if !k.giveUp() {
			<-k.ready
		}
		return
	}
	net.met.Calls++
	patience := time.Hour
	if net.oneIn(4) {
		patience = net.exp(100 * time.Millisecond)
	}
	o := p.p.Begin("call", a.name)
	net.w.Go(func() {
		for start := net.w.Now(); len(k.ready) == 0 && !p.gone; net.w.Sleep(time.Millisecond) {
			if net.w.Now()-start > patience && k.giveUp() {
				o.End()
				net.met.Timeouts++
				return
			}
		}
		if p.gone {
			return
		}
		<-k.ready
		o.End()
		if k.err != nil {
			net.met.Broken++
			return
		}
		net.met.Answers++
		if got, _ := k.result(); !answerIs(got.At(0), question) {
			p.p.Left("wrong answers", 1)
		}
	})
}

func answerIs(v codec.Value, question int) bool {
	n, err := v.Int()
	return err == nil && n == int64(question)+1
}

// called answers, now or later.
func (a *actor) called(self *Context, m codec.Message) {
	r := m.Args()
	question, to := r.Int(), r.Text()
	if r.Err() != nil {
		panic(r.Err())
	}
	if a.proc.net.oneIn(3) {
		self.After(a.proc.net.exp(200*time.Millisecond), func(self *Context) { answer(self, to, question) })
		return
	}
	answer(self, to, question)
}

// answer doesn't give up when there is no room.
func answer(self *Context, to string, question int64) {
	if self.Send(to, question+1) == ErrOverload {
		self.After(10*time.Millisecond, func(self *Context) { answer(self, to, question) })
	}
}

// fail ends the actor's port in one of the ways in which that can happen.
func (a *actor) fail(self *Context) {
	switch a.proc.net.r.IntN(3) {
	case 0:
		self.Die("tired")
	case 1:
		self.Die()
	default:
		a.proc.planned++
		panic("planned")
	}
}

// routine keeps a port acting on its own.
func (a *actor) routine(self *Context) {
	if a.proc.net.over {
		return
	}
	self.After(a.proc.net.exp(a.proc.net.pace), func(self *Context) {
		if !a.proc.net.over {
			a.routine(self)
			a.act(self, self, 3)
		}
	})
}

// made tells of a new port, whose handlers are a's.
func (p *process) made(port *Port) *actor {
	a := &actor{proc: p, name: port.name, port: port}
	p.named[port.name] = a
	p.p.PortMade(port.name)
	p.net.know(port.ID())
	return a
}

func (p *process) makePort(name string) {
	port, err := p.n.NewNamedPort(name)
	if err != nil {
		panic(err)
	}
	a := p.made(port)
	port.On("m", a.received)
	port.On("c", a.called)
	port.change(func() { a.routine(&port.ctx) })
}

// worker is the function of spawned ports.
func (p *process) worker(self *Context, m codec.Message) {
	p.p.SpawnRan(self.ID())
	a := p.made(self.Port())
	if x, err := m.At(0).Int(); err != nil || x < 5 {
		p.planned++
		panic("planned")
	}
	self.On("m", a.received)
	self.On("c", a.called)
	a.routine(self)
}

// makeMailbox makes a port whose messages a goroutine takes, now fast, now slowly.
func (p *process) makeMailbox() {
	port, err := p.n.NewMailbox()
	if err != nil {
		panic(err)
	}
	a := p.made(port)
	p.net.w.Go(func() {
		for !p.gone {
			p.net.w.Sleep(time.Millisecond + p.net.exp(20*time.Millisecond))
			for n := p.net.r.IntN(20); n >= 0; n-- {
				m, ok, err := port.box.take()
				if err != nil {
					return
				}
				if !ok || p.gone {
					break
				}
				switch tag, _ := m.Tag(); string(tag) {
				case "m":
					a.deliver(m.Drop(1))
				case "c":
					r := m.Drop(1).Args()
					question, to := r.Int(), r.Text()
					if err := p.n.Do(func(self *Context) { answer(self, to, question) }); err != nil {
						return
					}
				}
			}
		}
	})
}

// goroutine is an actor outside of the loops.
type goroutine struct {
	actor
	waits bool
	open  letter // to be sent once there is room
}

func (g *goroutine) run() {
	net := g.proc.net
	for !g.waits && !net.over && !g.proc.gone {
		net.w.Sleep(net.exp(net.pace))
		if !net.over && !g.proc.gone {
			g.act(outside{g}, nil, 3)
		}
	}
}

// resume: there may be room now.
func (g *goroutine) resume() {
	if g.proc.gone {
		return
	}
	g.waits = false
	if g.post(outside{g}, g.open) != ErrFull {
		g.run()
	}
}

// outside is what a goroutine acts through: the node's calls without their waiting.
type outside struct{ g *goroutine }

func (o outside) Send(to string, args ...any) error {
	g := o.g
	if g.waits {
		return ErrClosed // it can do nothing else meanwhile
	}
	n := g.proc.n
	err := n.TrySend(to, args...)
	if err == ErrFull {
		g.waits = true
		g.open = letter{to, args[3].(int), args[4].([]byte)}
		w := g.proc.p.Begin("wait", g.name)
		n.WhenRoom(to, func() {
			w.End()
			g.proc.net.w.Go(g.resume)
		})
	}
	return err
}

func (o outside) Kill(target string, reason ...any) error {
	n := o.g.proc.n
	node, port := codec.SplitPortID(target)
	if node != n.id {
		return n.tryForward(node, kil1(port, NewReason(reason...)))
	}
	return n.Kill(target, reason...)
}

func (o outside) Monitor(target string, f func(*Context, Reason)) (*Monitor, error) {
	return o.g.proc.n.Monitor(target, f)
}

func (o outside) Spawn(node, function string, args ...any) (string, error) {
	n := o.g.proc.n
	if node == n.id {
		return n.Spawn(node, function, args...)
	}
	m, err := spawnMessage(n, node, function, args)
	if err != nil {
		return "", err
	}
	return m.id, n.tryForward(node, m.message)
}
