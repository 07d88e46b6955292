package kernel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/reactor"
)

var stressFor = flag.Duration("stress-for", 2*time.Second, "how long TestNodesKeepTheirPromisesUnderStress lasts")

// Nodes on real sockets and real goroutines, whose connections are reset from outside all
// the time. What is checked: a sender that monitors its receiver loses no message before
// its monitor has fired, every monitor fires once, every call ends, nothing is left over.
func TestNodesKeepTheirPromisesUnderStress(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	s := &stress{t: t, stop: make(chan struct{})}
	for i := range 3 {
		s.start(fmt.Sprint("n", i))
	}
	for _, n := range s.nodes {
		for _, o := range s.nodes {
			if n != o {
				n.SetAddresses(o.ID(), s.relay(o.addr))
			}
		}
	}
	for _, n := range s.nodes {
		s.busy.Go(func() { s.breakLinks() })
		for i := range 2 {
			s.busy.Go(func() { s.sendFromGoroutine(n, fmt.Sprintf("%s goroutine %d", n.ID(), i)) })
			s.sendFromHandler(n, fmt.Sprintf("%s handler %d", n.ID(), i))
		}
		s.busy.Go(func() { s.call(n) })
		s.busy.Go(func() { s.spawn(n) })
		s.busy.Go(func() { s.replaceReceivers(n) })
		s.readers.Go(func() { s.readMailbox(n) })
	}
	time.Sleep(*stressFor)
	close(s.stop)
	done := make(chan struct{})
	go func() { s.busy.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		buf := make([]byte, 1<<20)
		t.Fatalf("somebody waits for ever:\n%s", buf[:runtime.Stack(buf, true)])
	}
	s.end()
	t.Logf("%d messages, %d calls, %d spawns, %d monitors, %d resets", s.messages.Load(), s.calls.Load(),
		s.spawns.Load(), s.monitors.Load(), s.resets.Load())
	if s.messages.Load() == 0 || s.calls.Load() == 0 || s.spawns.Load() == 0 || s.resets.Load() == 0 {
		t.Error("nothing happened")
	}
	for wait := time.Now(); runtime.NumGoroutine() > goroutines; time.Sleep(10 * time.Millisecond) {
		if time.Since(wait) > 10*time.Second {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left, %d were there:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
		}
	}
}

type stress struct {
	t     *testing.T
	nodes []*stressNode
	stop  chan struct{}
	busy  sync.WaitGroup
	// readers go on until their mailboxes are dead: a link that feeds a full one isn't read.
	readers sync.WaitGroup

	messages, calls, spawns, monitors, resets atomic.Int64

	mu       sync.Mutex
	relays   []net.Listener
	relaying sync.WaitGroup
	conns    map[*net.TCPConn]struct{}
	armed    map[*stressMonitor]struct{}
}

type stressNode struct {
	*Node
	group     *reactor.Group
	addr      netip.AddrPort
	mailbox   *Port
	echo      *Port
	receivers [3]atomic.Pointer[Port]
}

func (s *stress) check(err error) {
	if err != nil {
		s.t.Error(err)
	}
}

func (s *stress) over() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// pause waits, but not beyond the end.
func (s *stress) pause(d time.Duration) {
	select {
	case <-s.stop:
	case <-time.After(d):
	}
}

func (s *stress) start(id string) {
	g, err := reactor.Start(reactor.Options{Loops: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	b := defaultBounds
	b.inbox = link.Marks{Low: 4 << 10, High: 16 << 10, Hard: 16 << 20}
	b.mailbox = link.Marks{Low: 4 << 10, High: 16 << 10, Hard: 16 << 20}
	n, err := New(g, Options{
		Links:           link.Config{Node: id, Secret: []byte("stress"), Extensions: true},
		Marks:           link.Marks{Low: 16 << 10, High: 64 << 10, Hard: 16 << 20},
		MonitorTimeout:  5 * time.Second,
		ConnectInterval: 500 * time.Millisecond,
		bounds:          &b,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	bound := make(chan netip.AddrPort, 1)
	n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(a []netip.AddrPort, err error) {
		s.check(err)
		bound <- a[0]
	})
	k := &stressNode{Node: n, group: g, addr: <-bound}
	k.mailbox, err = n.NewMailbox()
	s.check(err)
	k.echo, err = n.NewPort()
	s.check(err)
	k.echo.OnDefault(func(self *Context, m codec.Message) {
		args := m.Args()
		nonce, to := args.Int(), args.Text()
		_ = self.Send(to, nonce)
	})
	for i := range k.receivers {
		k.receivers[i].Store(s.receiver(n))
	}
	n.Register("stress::worker", func(self *Context, m codec.Message) {
		self.OnDefault(func(*Context, codec.Message) { panic("as told") })
	})
	s.nodes = append(s.nodes, k)
}

// stream is what a receiver has got of a sender. A sender counts its messages from 0, again
// each time its monitor has fired.
type stream struct{ round, next int }

// take checks the next message. No hole, no way back.
func (s *stress) take(got map[string]*stream, m codec.Message) {
	args := m.Args()
	from, round, i := args.Text(), int(args.Int()), int(args.Int())
	x := got[from]
	if x == nil {
		x = &stream{round: -1}
		got[from] = x
	}
	if round > x.round {
		x.round, x.next = round, 0
	}
	if round != x.round || i != x.next {
		s.t.Errorf("of %s came %d/%d instead of %d/%d", from, round, i, x.round, x.next)
	}
	x.next = i + 1
	s.messages.Add(1)
}

func (s *stress) receiver(n *Node) *Port {
	got := map[string]*stream{}
	p, err := n.NewPort()
	if err != nil {
		s.t.Error(err)
		return nil
	}
	p.OnDefault(func(_ *Context, m codec.Message) { s.take(got, m) })
	return p
}

func (s *stress) readMailbox(n *stressNode) {
	got := map[string]*stream{}
	for {
		m, err := n.mailbox.Receive(context.Background())
		if err != nil {
			return
		}
		s.take(got, m)
		if rand.IntN(200) == 0 {
			s.pause(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
	}
}

// target is somebody to send to.
func (s *stress) target() *Port {
	n := s.nodes[rand.IntN(len(s.nodes))]
	if rand.IntN(4) == 0 {
		return n.mailbox
	}
	return n.receivers[rand.IntN(len(n.receivers))].Load()
}

// A stressMonitor counts how often it fires.
type stressMonitor struct {
	m      *Monitor
	target string
	fired  atomic.Int32
}

func (s *stress) watch(m *stressMonitor) {
	s.monitors.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.armed == nil {
		s.armed = map[*stressMonitor]struct{}{}
	}
	s.armed[m] = struct{}{}
}

func (s *stress) fire(m *stressMonitor) {
	if m.fired.Add(1) > 1 {
		s.t.Errorf("a monitor of %s fired twice", m.target)
	}
	s.mu.Lock()
	delete(s.armed, m)
	s.mu.Unlock()
}

func (s *stress) cancel(m *stressMonitor) {
	if m.m.Cancel() {
		s.mu.Lock()
		delete(s.armed, m)
		s.mu.Unlock()
		m.fired.Add(1) // from now on it is one too many
	}
}

func stressPad() []byte { return make([]byte, 1<<rand.IntN(13)) }

func (s *stress) sendFromGoroutine(n *stressNode, name string) {
	for round := 0; !s.over(); round++ {
		to := s.target()
		// A message is sent either before the monitor's callback or with the next round.
		var mu sync.Mutex
		lost := false
		m := &stressMonitor{target: to.ID()}
		s.watch(m)
		mon, err := n.Monitor(to.ID(), func(*Context, Reason) {
			s.fire(m)
			mu.Lock()
			lost = true
			mu.Unlock()
		})
		if err != nil {
			s.t.Error(err)
			return
		}
		m.m = mon
		for i, more := 0, true; more && i < 3000 && !s.over(); {
			mu.Lock()
			if more = !lost; more {
				switch err := n.TrySend(to.ID(), name, round, i, stressPad()); err {
				case nil:
					i++
				case ErrFull:
					mu.Unlock()
					s.waitRoom(n, to.ID())
					mu.Lock()
				default:
					s.t.Error(err)
				}
			}
			mu.Unlock()
		}
		s.cancel(m)
	}
}

func (s *stress) waitRoom(n *stressNode, to string) {
	room := make(chan struct{})
	n.WhenRoom(to, func() { close(room) })
	select {
	case <-room:
	case <-s.stop:
	case <-time.After(20 * time.Second):
		s.t.Errorf("%s waits for room to %s for ever: %+v", n.ID(), to, n.Stats())
	}
}

func (s *stress) sendFromHandler(n *stressNode, name string) {
	p, err := n.NewPort()
	s.check(err)
	p.OnDefault(func(self *Context, _ codec.Message) { s.handlerRound(self, name, 0) })
	s.check(n.Send(p.ID(), "go"))
}

func (s *stress) handlerRound(self *Context, name string, round int) {
	if s.over() {
		return
	}
	to := s.target().ID()
	m := &stressMonitor{target: to}
	s.watch(m)
	lost, i := false, 0
	var err error
	m.m, err = self.Monitor(to, func(self *Context, _ Reason) {
		s.fire(m)
		lost = true
	})
	s.check(err)
	var burst func(self *Context)
	burst = func(self *Context) {
		for range rand.IntN(100) {
			if lost {
				break
			}
			if err := self.Send(to, name, round, i, stressPad()); err != nil {
				if !errors.Is(err, ErrOverload) {
					s.t.Error(err)
				}
				break
			}
			i++
		}
		if lost || i > 3000 || s.over() {
			s.cancel(m)
			self.After(time.Millisecond, func(self *Context) { s.handlerRound(self, name, round+1) })
			return
		}
		self.After(time.Duration(rand.IntN(5000))*time.Microsecond, burst)
	}
	burst(self)
}

func (s *stress) call(n *stressNode) {
	for nonce := int64(0); !s.over(); nonce++ {
		to := s.nodes[rand.IntN(len(s.nodes))].echo.ID()
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(200))*time.Millisecond)
		m, err := n.Call(ctx, to, nonce)
		cancel()
		if err != nil {
			continue
		}
		s.calls.Add(1)
		if got, err := m.At(0).Int(); err != nil || got != nonce {
			s.t.Errorf("answer %d to %d, %v", got, nonce, err)
		}
	}
}

// spawn makes ports everywhere that die of this or that.
func (s *stress) spawn(n *stressNode) {
	for !s.over() {
		id, err := n.Spawn(s.nodes[rand.IntN(len(s.nodes))].ID(), "stress::worker")
		if err != nil {
			s.t.Error(err)
			return
		}
		died := make(chan struct{})
		m := &stressMonitor{target: id}
		s.watch(m)
		m.m, err = n.Monitor(id, func(*Context, Reason) { s.fire(m); close(died) })
		s.check(err)
		if rand.IntN(2) == 0 {
			s.check(n.Send(id, "die"))
		} else {
			s.check(n.Kill(id, "killed"))
		}
		select {
		case <-died:
			s.spawns.Add(1)
		case <-time.After(20 * time.Second):
			s.t.Errorf("%s: no news of %s: %+v", n.ID(), id, n.Stats())
		}
	}
}

func (s *stress) replaceReceivers(n *stressNode) {
	for !s.over() {
		s.pause(time.Duration(rand.IntN(200)) * time.Millisecond)
		if p := s.receiver(n.Node); p != nil {
			n.receivers[rand.IntN(len(n.receivers))].Swap(p).Kill("replaced")
		}
	}
}

// relay is an address that leads to another, as long as breakLinks lets it.
func (s *stress) relay(to netip.AddrPort) netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.relays = append(s.relays, l)
	s.relaying.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to.String())
			if err != nil {
				in.Close()
				continue
			}
			s.carry(in.(*net.TCPConn), out.(*net.TCPConn))
			s.carry(out.(*net.TCPConn), in.(*net.TCPConn))
		}
	})
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func (s *stress) carry(from, to *net.TCPConn) {
	s.mu.Lock()
	if s.conns == nil {
		s.conns = map[*net.TCPConn]struct{}{}
	}
	s.conns[from] = struct{}{}
	s.mu.Unlock()
	s.relaying.Go(func() {
		_, err := io.Copy(to, from)
		if err == nil {
			_ = to.CloseWrite()
		} else {
			to.Close()
		}
		s.mu.Lock()
		delete(s.conns, from)
		s.mu.Unlock()
		_ = from.CloseRead()
	})
}

// breakLinks resets connections at arbitrary moments.
func (s *stress) breakLinks() {
	for !s.over() {
		s.pause(time.Duration(rand.IntN(300)) * time.Millisecond)
		s.mu.Lock()
		for c := range s.conns { // any
			_ = c.SetLinger(0)
			c.Close()
			s.resets.Add(1)
			break
		}
		s.mu.Unlock()
	}
}

// end kills all ports that are monitored, so that every monitor has to fire.
func (s *stress) end() {
	for _, n := range s.nodes {
		n.mailbox.Kill("end")
		n.echo.Kill("end")
		for i := range n.receivers {
			n.receivers[i].Load().Kill("end")
		}
	}
	s.readers.Wait()
	for wait := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		left := 0
		for m := range s.armed {
			if m.m.owner == nil || !m.m.owner.dead.Load() {
				left++
			}
		}
		s.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Since(wait) > 20*time.Second {
			for m := range s.armed {
				s.t.Errorf("a monitor of %s never fired", m.target)
			}
			break
		}
	}
	for _, l := range s.relays {
		l.Close()
	}
	for _, n := range s.nodes {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		s.check(n.Close(ctx))
		cancel()
		if n.ports.len() != 0 {
			s.t.Errorf("%s: %d ports are left", n.ID(), n.ports.len())
		}
		s.check(n.group.Close())
	}
	s.relaying.Wait()
}
