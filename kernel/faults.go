package kernel

import (
	"encoding/binary"

	"github.com/aemp-go/aemp/loop"
)

// fault is a defect that tests plant, to see that the checker finds it.
type fault uint16

const (
	dropOnSwitch    fault = 1 << iota // messages queued while a link comes up are lost
	swapAcross                        // two messages change places on their way to another loop
	secondFiring                      // a monitor fires again
	forgottenWaiter                   // a sender that waits for room isn't woken
	downBeforeLast                    // "link down" overtakes the last messages
	staleEpoch                        // a monitor set in an old epoch counts for the new one
	leakedBuffer                      // a worked-off buffer isn't given back
	lostWakeup                        // a loop isn't told that something came
)

// faults says which are planted, and when they strike. In a running node there are
// none.
type faults struct {
	planted fault
	strike  func() bool
}

func (f *faults) has(k fault) bool {
	return f.planted&k != 0 && f.strike()
}

// overtake puts a task ahead of what waits in the inbox.
func (b *inbox) overtake(t loop.Task) (wake bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.q
	b.q = queue{pool: rest.pool}
	b.q.run(t)
	b.q.blocks = append(b.q.blocks, rest.blocks...)
	b.q.size += rest.size
	if rest.last != nil {
		b.q.last = rest.last
	}
	return b.arm(true)
}

// shuffle swaps two neighbouring messages to the same port.
func (f *faults) shuffle(b *block) {
	if f.planted&swapAcross == 0 {
		return
	}
	at := 0
	for k, r := range b.runs {
		for r.port != nil && at < b.end(k) {
			middle := at + messageSize(b.data[at:])
			if middle < b.end(k) && f.has(swapAcross) {
				swapped := append([]byte{}, b.data[middle:middle+messageSize(b.data[middle:])]...)
				copy(b.data[at:], append(swapped, b.data[at:middle]...))
				return
			}
			at = middle
		}
	}
}

// messageSize is that of the message at the begin of data, with its head.
func messageSize(data []byte) int {
	return messageHead + int(binary.LittleEndian.Uint32(data))
}
