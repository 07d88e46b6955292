package link

import (
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// taking is a connection that takes everything, on a loop whose clock the test sets.
type taking struct {
	loop.Conn
	clock
	full   bool // no more, that is
	held   int
	offer  func(p []byte) int // in the place of Offer
	beaten int                // calls of Write
}

type clock struct {
	loop.Loop
	now time.Duration
}

func (c *clock) Now() time.Duration { return c.now }

func (c *taking) Loop() loop.Loop { return &c.clock }
func (c *taking) Blocked() bool   { return c.full }
func (c *taking) Buffered() int   { return c.held }

func (c *taking) Write([]byte) { c.beaten++ }

func (c *taking) Offer(p []byte) int {
	if c.offer != nil {
		return c.offer(p)
	}
	if c.full {
		return 0
	}
	return len(p)
}

func (c *taking) Swap(p []byte) []byte {
	if c.full {
		c.held += len(p)
	}
	return p[:0]
}

// newStream is an outbox that large buffers have just been given from.
func newStream(t *testing.T) (*Outbox, *taking) {
	o := NewOutbox(&Rules{Limits: codec.DefaultLimits, Marks: DefaultMarks, Loops: 1})
	c := &taking{clock: clock{now: time.Hour}}
	if err := o.Up(c, codec.Msgpack); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Args(Outside, "port", DefaultMarks.High, []any{make([]byte, chunkSize)}); err != nil {
		t.Fatal(err)
	}
	if !o.Give() {
		t.Fatal("a full buffer wasn't given")
	}
	return o, c
}

func TestAGoroutineStandsBackFromAStreamOfOthers(t *testing.T) {
	o, c := newStream(t)
	o.mu.Lock() // somebody sends
	if _, err := o.Args(Patient, "port", DefaultMarks.High, nil); err != ErrContended {
		t.Errorf("arguments: %v", err)
	}
	if _, err := o.Msg(Patient, "port", DefaultMarks.High, "tag", codec.Control{}); err != ErrContended {
		t.Errorf("a generated type: %v", err)
	}
	if o.contended(Outside) || o.contended(0) {
		t.Error("a loop, or a goroutine that mustn't wait, is to stand back")
	}
	c.now += streamPause + 1
	if o.contended(Patient) {
		t.Error("the stream is over, and a goroutine is to stand back")
	}
	o.mu.Unlock()
	if _, err := o.Args(Patient, "port", DefaultMarks.High, nil); err != nil {
		t.Errorf("nobody else sends: %v", err)
	}
}

func TestAGoroutineDoesNotStandBackFromMessagesOneByOne(t *testing.T) {
	o, _ := newStream(t)
	o.gave(time.Hour, 100)
	if o.contended(Patient) {
		t.Error("it is to stand back")
	}
}

// Whoever stands back is woken by the next that is given, and doesn't if nothing will be.
func TestWhoStandsBackIsWoken(t *testing.T) {
	for name, give := range map[string]func(o *Outbox, c *taking){
		"above the low mark": func(o *Outbox, c *taking) {
			o.rules.Marks.Low = 0
			c.now += time.Second
			o.Give()
		},
		"not from a goroutine": func(o *Outbox, c *taking) { c.full = true; c.now += time.Second; o.Give() },
		"not from the loop":    func(o *Outbox, c *taking) { c.full, c.held = true, 1; o.Flush(c, true) },
		"from a goroutine":     func(o *Outbox, c *taking) { c.now += time.Second; o.Give() },
		"from the loop":        func(o *Outbox, c *taking) { o.Flush(c, true) },
		"never: it fails":      func(o *Outbox, c *taking) { o.Fail() },
	} {
		o, c := newStream(t)
		woken := 0
		wake := func() { woken++ }
		if id := o.WhenGiven(wake); id != 0 {
			t.Fatalf("%s: nothing waits, and somebody is to wait for it", name)
		}
		if _, err := o.Args(Outside, "port", DefaultMarks.High, nil); err != nil {
			t.Fatal(err)
		}
		if id := o.WhenGiven(wake); id == 0 || woken != 0 {
			t.Fatalf("%s: something waits, and the waiter is number %d and woken %d times", name, id, woken)
		}
		if give(o, c); woken != 1 {
			t.Errorf("%s: woken %d times", name, woken)
		}
		if id := o.WhenGiven(wake); id != 0 {
			t.Errorf("%s: somebody is to wait for nothing", name)
		}
	}
}

// Where the network takes no more it holds senders up by itself, at the high-water mark.
func TestNobodyStandsBackForTheNetwork(t *testing.T) {
	o, c := newStream(t)
	c.held = 8 << 10
	o.Settle(c)
	if _, err := o.Args(Outside, "port", DefaultMarks.High, nil); err != nil {
		t.Fatal(err)
	}
	if id := o.WhenGiven(func() {}); id != 0 {
		t.Error("a goroutine is to wait for the network")
	}
}

// A goroutine that has written a part of a buffer hasn't put the rest back yet when the time for
// a heartbeat comes.
func TestAHeartbeatDoesNotComeIntoTheMiddleOfABuffer(t *testing.T) {
	o, c := newStream(t)
	if !o.Beat(c, heartbeat) || c.beaten != 1 {
		t.Fatalf("nothing waits, and there are %d heartbeats", c.beaten)
	}
	if _, err := o.Args(Outside, "port", DefaultMarks.High, []any{make([]byte, chunkSize)}); err != nil {
		t.Fatal(err)
	}
	all, _ := o.Level()
	c.offer = func(p []byte) int {
		o.Beat(c, heartbeat)
		if n, _ := o.Level(); n != all {
			t.Errorf("%d octets wait instead of %d while they are being given", n, all)
		}
		return 10
	}
	if o.Give(); c.beaten != 1 {
		t.Error("there is a heartbeat behind the first ten octets")
	}
	if n, _ := o.Level(); n != all-10 {
		t.Errorf("%d octets wait instead of %d", n, all-10)
	}
	if o.Beat(c, heartbeat) || c.beaten != 1 {
		t.Error("there is one before the rest")
	}
}
