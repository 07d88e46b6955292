package reactor

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

// plainAndTLS runs a test on connections of both kinds.
func plainAndTLS(t *testing.T, test func(t *testing.T, id *loop.Identity)) {
	t.Run("plain", func(t *testing.T) { test(t, nil) })
	t.Run("TLS", func(t *testing.T) { test(t, newIdentity(t, testcert.New(t))) })
}

// pair connects a dialler on a with an acceptor on b, over TLS if there is an
// identity. The hooks' open is called when that is done.
func pair(t testing.TB, a, b *eventLoop, id *loop.Identity, dialler, acceptor *hooks) (c, v *conn) {
	t.Helper()
	up := make(chan *conn, 2)
	ready := func(h *hooks, client bool) *hooks {
		then := h.open
		h.open = func(c *conn) {
			whole := func() {
				if then != nil {
					then(c)
				}
				up <- c
			}
			if id == nil {
				whole()
				return
			}
			c.StartTLS(id, client, nil, func(_ loop.Session, err error) {
				if err != nil {
					t.Errorf("TLS: %v", err)
				}
				whole()
			})
		}
		return h
	}
	addr := listen(t, b, func() loop.Handler { return ready(acceptor, false) })
	var dialled loop.Conn
	on(a, func() { dialled = a.Dial(addr, patience, ready(dialler, true)) })
	for range 2 {
		if x := receive(t, "a connection", up); x != dialled {
			v = x
		}
	}
	return dialled.(*conn), v
}

// feed writes p from c's loop, as the network takes it, and then f is called.
func feed(c *conn, h *hooks, p []byte, f func()) {
	more := func(*conn) {
		for len(p) > 0 && !c.Blocked() {
			n := min(len(p), 100_000)
			c.Write(p[:n])
			p = p[n:]
		}
		if len(p) == 0 {
			h.drained = nil
			f()
		}
	}
	h.drained = more
	more(c)
}

func TestAConnectionMovesBackAndForthUnderLoad(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, id *loop.Identity) {
		_, loops := start(t, Options{Loops: 3})
		want := randomText(32 << 20)
		sum := sha256.New()
		got, moves := 0, 0
		done := make(chan struct{})
		receiver := &hooks{}
		var move func(c *conn)
		move = func(c *conn) {
			if got < len(want) {
				to := loops[moves%2]
				moves++
				c.Move(to, func() { loop.After(to, 500*time.Microsecond, func() { move(c) }) })
			}
		}
		receiver.data = func(c *conn, p []byte) {
			sum.Write(p)
			if got += len(p); got == len(want) {
				close(done)
			}
		}
		sender := &hooks{}
		c, v := pair(t, loops[2], loops[0], id, sender, receiver)
		on(loops[0], func() { move(v) })
		on(loops[2], func() { feed(c, sender, want, func() {}) })
		receive(t, "all data", done)
		sameSum(t, sum, want)
		if moves < 3 {
			t.Errorf("only %d moves", moves)
		}
	})
}

func TestAMoveDuringTheHandshakeWaitsForIt(t *testing.T) {
	id := newIdentity(t, testcert.New(t))
	_, loops := start(t, Options{Loops: 2})
	arrived := make(chan *eventLoop, 1)
	shaken := false
	addr := listen(t, loops[0], func() loop.Handler {
		return &hooks{open: func(c *conn) {
			c.StartTLS(id, false, nil, func(_ loop.Session, err error) {
				if err != nil || !loops[0].Inside() {
					t.Errorf("%v, on the old loop: %v", err, loops[0].Inside())
				}
				shaken = true
			})
			c.Move(loops[1], func() {
				if !shaken {
					t.Error("moved in the middle of the handshake")
				}
				arrived <- c.loop
				c.Write([]byte("hello"))
			})
		}}
	})
	got := make(chan string, 1)
	on(loops[1], func() {
		loops[1].Dial(addr, patience, &hooks{
			open: func(c *conn) { c.StartTLS(id, true, nil, func(loop.Session, error) {}) },
			data: func(_ *conn, p []byte) { got <- string(p) },
		})
	})
	if l := receive(t, "the move", arrived); l != loops[1] {
		t.Error("on the wrong loop")
	}
	if text := receive(t, "data", got); text != "hello" {
		t.Errorf("%q", text)
	}
}

func TestMovingToAnotherGroupIsAMistake(t *testing.T) {
	_, here := start(t, Options{Loops: 1})
	_, there := start(t, Options{Loops: 1})
	c, _ := accepted(t, here[0], &hooks{})
	on(here[0], func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		c.Move(there[0], func() {})
	})
}
