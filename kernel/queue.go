package kernel

import (
	"sync"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// item is something to do on a loop: deliver a message to a port, or run a task.
type item struct {
	port *Port // nil: a task
	feed *feed // the link that the message came over, if any
	at   uint32
	end  uint32 // the message's arguments are data[at:end]; of a task at is its index
	n    uint32 // how many arguments
}

// block is a row of items with the messages among them. It is as large as stays in a
// core's cache from when it is filled until it is worked off.
type block struct {
	items []item
	data  []byte
	tasks []loop.Task
}

const (
	blockItems  = 512
	blockOctets = 32 << 10
	// maxKeptData: what a single large message has grown goes back to the collector.
	maxKeptData = 4 * blockOctets
)

func (b *block) full() bool { return len(b.items) >= blockItems || len(b.data) >= blockOctets }

// message is an item's message, borrowed from the block.
func (b *block) message(i *item) codec.Message {
	return codec.ArgsMessageIn(b.data, int(i.at), int(i.end), int(i.n))
}

// blocks is where queues have their blocks from, on whatever goroutine. It counts
// those in use.
type blocks struct {
	pool sync.Pool
	used atomic.Int64
}

func (p *blocks) get() *block {
	p.used.Add(1)
	if b, _ := p.pool.Get().(*block); b != nil {
		return b
	}
	return &block{}
}

// put takes a block back that has been worked off.
func (p *blocks) put(b *block) {
	p.used.Add(-1)
	clear(b.items)
	clear(b.tasks)
	b.items, b.tasks, b.data = b.items[:0], b.tasks[:0], b.data[:0]
	if cap(b.data) <= maxKeptData {
		p.pool.Put(b)
	}
}

// queue keeps items in order.
type queue struct {
	pool   *blocks
	blocks []*block
	size   int // octets, with itemCost for each item
}

// put appends a message to a port; the arguments are copied.
func (q *queue) put(p *Port, f *feed, m codec.Message) {
	b := q.tail()
	at := len(b.data)
	b.data = append(b.data, m.Raw()...)
	q.end(b, p, f, at, m.Len())
}

// putArgs encodes arguments right into the queue.
func (q *queue) putArgs(p *Port, args []any) (err error) {
	b := q.tail()
	at := len(b.data)
	if b.data, err = codec.AppendArgs(b.data, args); err != nil {
		return err
	}
	q.end(b, p, nil, at, len(args))
	return nil
}

// run appends a task.
func (q *queue) run(t loop.Task) {
	b := q.tail()
	b.items = append(b.items, item{at: uint32(len(b.tasks))})
	b.tasks = append(b.tasks, t)
	q.size += itemCost
}

func (q *queue) end(b *block, p *Port, f *feed, at, n int) {
	end := len(b.data)
	b.items = append(b.items, item{port: p, feed: f, at: uint32(at), end: uint32(end), n: uint32(n)})
	q.size += end - at + itemCost
}

// tail is the block to append to.
func (q *queue) tail() *block {
	if n := len(q.blocks); n > 0 && !q.blocks[n-1].full() {
		return q.blocks[n-1]
	}
	b := q.pool.get()
	q.blocks = append(q.blocks, b)
	return b
}

func (q *queue) empty() bool { return len(q.blocks) == 0 }
