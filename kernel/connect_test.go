package kernel

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// The connect schedule in virtual time (protocol 5). Each letter is an address of the
// node that is dialled: b(lack hole), r(efused), w(rong node), g(ood), s(low, but good).
func TestAddressesAreTriedOneAfterTheOtherUntilOneIsGood(t *testing.T) {
	const never = -1
	for _, x := range []struct {
		addresses string
		dials     int           // attempts in all
		interval  time.Duration // between them, times 0.9 to 1
		winner    int           // index of the address that becomes the link
		fails     time.Duration // when the attempt is given up, if nobody wins
	}{
		{"g", 1, 0, 0, 0},
		{"b", 1, 0, never, 30 * time.Second},
		{"r", 1, 0, never, 0},
		{"w", 1, 0, never, 0},
		{"bgg", 2, 2 * time.Second, 1, 0},
		{"rgg", 2, 2 * time.Second, 1, 0},
		{"wgg", 2, 2 * time.Second, 1, 0},
		{"brg", 3, 2 * time.Second, 2, 0},
		{"sgg", 2, 2 * time.Second, 1, 0}, // the slow one answers after 3 s
		{"sbb", 2, 2 * time.Second, 0, 0},
		{"rrr", 3, 2 * time.Second, never, 4 * time.Second},
		{"bbb", 3, 2 * time.Second, never, 30 * time.Second},
		{"rwbrwbrwbg", 10, 2 * time.Second, 9, 0},
		{"bbbbbbbbbb", 10, 2 * time.Second, never, 30 * time.Second},
		{strings.Repeat("b", 20) + strings.Repeat("g", 80), 21, 400 * time.Millisecond, 20, 0},
		{strings.Repeat("rwb", 20) + strings.Repeat("g", 40), 61, 400 * time.Millisecond, 60, 0},
		{strings.Repeat("r", 100), 0, 400 * time.Millisecond, never, 30 * time.Second}, // not even all are tried
	} {
		t.Run(fmt.Sprintf("%.12s of %d", x.addresses, len(x.addresses)), func(t *testing.T) {
			d := newDialling(t, x.addresses)
			defer d.w.Close()
			d.w.Run(time.Minute)

			if x.dials > 0 && len(d.dials) != x.dials {
				t.Errorf("%d attempts, want %d", len(d.dials), x.dials)
			}
			if len(d.dials) > 0 && d.dials[0] > time.Millisecond {
				t.Errorf("the first attempt comes after %v", d.dials[0])
			}
			for i := 1; i < len(d.dials); i++ {
				gap := d.dials[i] - d.dials[i-1]
				if gap < x.interval*9/10 || gap > x.interval+time.Millisecond {
					t.Errorf("attempt %d comes %v after the one before, want 0.9 to 1 times %v", i, gap, x.interval)
				}
			}
			p := d.n.peers.get("b")
			if x.winner == never {
				if !d.fired {
					t.Fatal("the monitor didn't fire")
				}
				if low := x.fails * 9 / 10; d.at < low || d.at > x.fails+10*time.Millisecond {
					t.Errorf("given up after %v, want about %v", d.at, x.fails)
				}
				return
			}
			switch {
			case d.fired:
				t.Errorf("the monitor fired: %v", d.reason)
			case p.live == nil:
				t.Error("there is no link")
			case p.live.link.Dialed != d.addrs[x.winner]:
				t.Errorf("the link is to %v, want %v", p.live.link.Dialed, d.addrs[x.winner])
			case len(p.conns) != 1 || p.attempt != nil:
				t.Errorf("%d connections, attempt %v: the others aren't closed", len(p.conns), p.attempt)
			case d.got != 1:
				t.Errorf("%d messages arrived", d.got)
			}
		})
	}
}

// dialling is a node a that has something to say to node b.
type dialling struct {
	w      *sim.World
	n      *Node
	addrs  []netip.AddrPort
	dials  []time.Duration // when, from the send on
	fired  bool
	at     time.Duration
	reason Reason
	got    int
}

func newDialling(t *testing.T, letters string) *dialling {
	d := &dialling{w: sim.New(sim.Options{Seed: uint64(len(letters))})}
	n := map[string]*Node{}
	for _, id := range []string{"a", "b", "c"} {
		x, err := New(d.w.Host(id).Group(1), Options{Links: link.Config{Node: id, Secret: []byte("geheim"), Extensions: true}})
		if err != nil {
			t.Fatal(err)
		}
		n[id] = x
	}
	four, six := d.w.Host("b").Addrs()[0], d.w.Host("b").Addrs()[1]
	var listen []netip.AddrPort
	for i, kind := range letters {
		at := uint16(5000 + i)
		switch kind {
		case 'g':
			d.addrs = append(d.addrs, netip.AddrPortFrom(four, at))
			listen = append(listen, d.addrs[i])
		case 's':
			// Requests are lost for a while; the one that is sent after 3 s gets through.
			slow := netip.AddrPortFrom(six, at)
			d.addrs = append(d.addrs, slow)
			listen = append(listen, slow)
			d.w.SetFate(slow, sim.BlackHole)
			d.w.After(2500*time.Millisecond, func() { d.w.SetFate(slow, sim.Normal) })
		case 'b':
			d.addrs = append(d.addrs, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), at))
		case 'r':
			d.addrs = append(d.addrs, netip.AddrPortFrom(four, at))
		case 'w':
			d.addrs = append(d.addrs, netip.AddrPortFrom(d.w.Host("c").Addr(), 4040))
		}
	}
	n["b"].Listen(listen, listening(t))
	n["c"].Listen([]netip.AddrPort{netip.AddrPortFrom(d.w.Host("c").Addr(), 4040)}, listening(t))
	d.n = n["a"]
	d.n.SetAddresses("b", d.addrs...)
	port, err := n["b"].NewNamedPort("p")
	if err != nil {
		t.Fatal(err)
	}
	port.OnDefault(func(*Context, codec.Message) { d.got++ })
	d.w.Run(time.Second)

	start, before := d.w.Now(), d.w.Stats.Dials
	if _, err := d.n.Monitor("b#p", func(_ *Context, r Reason) {
		d.fired, d.at, d.reason = true, d.w.Now()-start, r
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.n.TrySend("b#p", 1); err != nil {
		t.Fatal(err)
	}
	d.w.RunUntil(time.Minute, func() bool {
		for ; before < d.w.Stats.Dials; before++ {
			d.dials = append(d.dials, d.w.Now()-start)
		}
		return false
	})
	return d
}

func listening(t *testing.T) func([]netip.AddrPort, error) {
	return func(_ []netip.AddrPort, err error) {
		if err != nil {
			t.Error(err)
		}
	}
}
