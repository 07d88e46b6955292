package kernel_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
)

func smallMarks(o *kernel.Options) {
	o.Marks = link.Marks{Low: 4 << 10, High: 16 << 10, Hard: 256 << 10}
}

// flood sends to a mailbox that nobody reads, from a handler, until there is no room on
// the whole way.
func flood(a, b *machine) (mailbox *kernel.Port) {
	a.w.t.Helper()
	mailbox, err := b.NewMailbox()
	a.w.ok(err)
	big := make([]byte, 2000)
	for accepted := true; accepted; a.w.pass(time.Second) {
		a.do(func(self *kernel.Context) {
			for accepted = false; ; accepted = true {
				if err := self.Send(mailbox.ID(), big); err != nil {
					if !errors.Is(err, kernel.ErrOverload) {
						panic(err)
					}
					return
				}
			}
		})
	}
	return mailbox
}

func TestALinkThatStaysOverloadedIsReset(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(1, smallMarks)
	mailbox := flood(a, b)
	lost, _ := a.monitor(mailbox.ID())
	w.until("the reset", func() bool { return lost.fired > 0 })
	lost.is(`["transport_error", "b", "overload"]`)
}

// A stranger claims to be another process with the ID of a node that is kept waiting.
func TestAStrangerDoesntEndALinkThatIsKeptWaiting(t *testing.T) {
	w := newWorld(t)
	b, a := w.node("b", 1), w.node("a", 1, smallMarks)
	w.link(a, b)
	flood(a, b)
	w.pass(time.Second)
	b.raw().greet(ourGreeting("a", "stranger"))
	w.pass(5 * time.Second)
	if slices.Contains(b.events, "-a") {
		t.Errorf("%v", b.events)
	}
}
