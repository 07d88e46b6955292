package kernel

import (
	"context"
	"sync"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
)

// mailbox keeps a port's messages for goroutines that call Receive. A message taken
// out is owned by the receiver: messages share chunks of memory that are not reused,
// so that most cost no allocation of their own.
type mailbox struct {
	port *Port

	mu     sync.Mutex
	msgs   []codec.Message
	head   int
	chunk  []byte
	size   int
	feeds  map[*feed]struct{} // asked to stop, until there is room
	room   link.Waiters
	ready  chan struct{} // holds a token while there may be something for a receiver
	closed bool
	reason Reason
}

func newMailbox(p *Port) *mailbox {
	return &mailbox{port: p, ready: make(chan struct{}, 1)}
}

// put copies a message into the box. On the port's shard.
func (b *mailbox) put(m codec.Message, f *feed) {
	b.mu.Lock()
	if b.size >= b.port.node.bounds.mailbox.Hard {
		b.mu.Unlock()
		b.port.node.drops.mailbox.Add(1)
		b.port.die(NewReason("overload", "mailbox at its hard limit"))
		return
	}
	n := len(m.Raw())
	if cap(b.chunk)-len(b.chunk) < n {
		b.chunk = make([]byte, 0, max(mailboxChunk, n))
	}
	at := len(b.chunk)
	b.chunk = append(b.chunk, m.Raw()...)
	b.msgs = append(b.msgs, codec.ArgsMessage(b.chunk[at:at+n:at+n], m.Len()))
	b.size += n + itemCost
	stop := false
	if f != nil && b.size > b.port.node.bounds.mailbox.High {
		if _, asked := b.feeds[f]; !asked {
			if b.feeds == nil {
				b.feeds = map[*feed]struct{}{}
			}
			b.feeds[f] = struct{}{}
			stop = true
		}
	}
	b.signal()
	b.mu.Unlock()
	if stop {
		f.stopFor(b.port.shard, b)
	}
}

func (b *mailbox) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// WhenRoom calls f once the box is below its low-water mark, under the lock, unless CancelRoom
// gets the ID before; or the ID is 0, and there is room.
func (b *mailbox) WhenRoom(f func()) (id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.size < b.port.node.bounds.mailbox.Low {
		return 0
	}
	return b.room.Add(f)
}

func (b *mailbox) CancelRoom(id int) {
	b.mu.Lock()
	b.room.Remove(id)
	b.mu.Unlock()
}

func (b *mailbox) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.closed && b.size >= b.port.node.bounds.mailbox.High
}

// take removes the oldest message.
func (b *mailbox) take() (m codec.Message, ok bool, err error) {
	b.mu.Lock()
	if b.head == len(b.msgs) {
		defer b.mu.Unlock()
		if b.closed {
			b.signal() // for the next receiver
			return m, false, &ReasonError{b.port.ID(), b.reason}
		}
		return m, false, nil
	}
	m = b.msgs[b.head]
	b.msgs[b.head] = codec.Message{}
	b.head++
	if b.head == len(b.msgs) {
		b.msgs, b.head = b.msgs[:0], 0
	} else {
		b.signal()
	}
	b.size -= len(m.Raw()) + itemCost
	if b.size < b.port.node.bounds.mailbox.Low {
		b.room.Wake()
		clear(b.feeds)
	}
	b.mu.Unlock()
	return m, true, nil
}

// receive waits for a message.
func (b *mailbox) receive(ctx context.Context) (codec.Message, error) {
	for {
		if m, ok, err := b.take(); ok || err != nil {
			return m, err
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			return codec.Message{}, ctx.Err()
		}
	}
}

// close ends the box: what is in it can still be received.
func (b *mailbox) close(r Reason) {
	b.mu.Lock()
	b.closed, b.reason = true, r
	b.room.Wake()
	b.signal()
	b.mu.Unlock()
}

// Receive waits for the next message of a port with a mailbox (NewMailbox). The
// message is the caller's to keep. When the port has died and its messages have
// been received, the error is a *ReasonError. On a goroutine only.
func (p *Port) Receive(ctx context.Context) (codec.Message, error) {
	if p.box == nil {
		return codec.Message{}, &IDError{"mailbox port", p.ID(), errNoMailbox}
	}
	if m, ok, err := p.box.take(); ok || err != nil {
		return m, err
	}
	if p.node.Inside() {
		return codec.Message{}, ErrWouldBlock
	}
	return p.box.receive(ctx)
}
