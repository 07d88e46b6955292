package kernel

import (
	"sync/atomic"

	"github.com/valyala/bytebufferpool"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// item is something to do on a loop: deliver a message to a port, or run a task.
type item struct {
	port *Port
	feed *feed // the link that the message came over, if any
	task loop.Task
	at   int // the message's arguments in the queue's data
	end  int
	n    int // how many arguments
}

// queue keeps items in order and, in one buffer, the messages among them. The
// buffer comes from the pool and goes back when the queue has been worked off.
type queue struct {
	pool  *buffers
	items []item
	data  *bytebufferpool.ByteBuffer
	size  int // octets, with itemCost for each
}

// buffers counts how many of the pool's buffers a node's queues have.
type buffers struct{ used atomic.Int64 }

func (b *buffers) get() *bytebufferpool.ByteBuffer {
	b.used.Add(1)
	return bytebufferpool.Get()
}

func (b *buffers) put(x *bytebufferpool.ByteBuffer) {
	b.used.Add(-1)
	bytebufferpool.Put(x)
}

// put appends a message to a port; the arguments are copied.
func (q *queue) put(p *Port, f *feed, m codec.Message) {
	q.open()
	at := len(q.data.B)
	q.data.B = append(q.data.B, m.Raw()...)
	q.end(p, f, at, m.Len())
}

// putArgs encodes arguments right into the queue.
func (q *queue) putArgs(p *Port, args []any) error {
	q.open()
	at := len(q.data.B)
	b, err := codec.AppendArgs(q.data.B, args)
	q.data.B = b
	if err != nil {
		return err
	}
	q.end(p, nil, at, len(args))
	return nil
}

func (q *queue) open() {
	if q.data == nil {
		q.data = q.pool.get()
	}
}

func (q *queue) end(p *Port, f *feed, at, n int) {
	end := len(q.data.B)
	q.items = append(q.items, item{port: p, feed: f, at: at, end: end, n: n})
	q.size += end - at + itemCost
}

// run appends a task.
func (q *queue) run(t loop.Task) {
	q.items = append(q.items, item{task: t})
	q.size += itemCost
}

// message is an item's message, borrowed from the queue.
func (q *queue) message(i *item) codec.Message {
	if q.data == nil {
		return codec.Message{}
	}
	return codec.ArgsMessage(q.data.B[i.at:i.end:i.end], i.n)
}

// reset empties the queue for reuse.
func (q *queue) reset() {
	clear(q.items)
	q.items = q.items[:0]
	q.size = 0
	if q.data != nil {
		q.pool.put(q.data)
		q.data = nil
	}
}
