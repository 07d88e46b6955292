package kernel

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// run is something to do on a loop: deliver a row of messages to a port, or run a task.
// Who sends to a port tends to go on.
type run struct {
	port *Port // nil: a task
	feed *feed // the link that the messages came over, if any
	end  int   // the messages end there in data; of a task its index
}

// block is a row of runs with the messages among them. It is as large as stays in a
// core's cache from when it is filled until it is worked off.
type block struct {
	runs  []run
	data  []byte // of each message its head, then its arguments
	tasks []loop.Task
	n     int // messages and tasks

	// How far it has been worked off.
	next int // run
	at   int // in data
}

const (
	blockItems  = 512
	blockOctets = 32 << 10
	// maxKeptData: what a single large message has grown goes back to the collector.
	maxKeptData = 4 * blockOctets
	// messageHead is the number of octets before a message's arguments: how many octets
	// and how many arguments they are, 32 bits each.
	messageHead = 8
)

func (b *block) full() bool { return b.n >= blockItems || len(b.data) >= blockOctets }

// take takes the next message: its n arguments are data[at:end].
func (b *block) take() (at, end, n int) {
	head := binary.LittleEndian.Uint64(b.data[b.at:])
	at = b.at + messageHead
	b.at = at + int(uint32(head))
	return at, b.at, int(head >> 32)
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
	clear(b.runs)
	clear(b.tasks)
	b.runs, b.tasks, b.data = b.runs[:0], b.tasks[:0], b.data[:0]
	b.n, b.next, b.at = 0, 0, 0
	if cap(b.data) <= maxKeptData {
		p.pool.Put(b)
	}
}

// queue keeps messages and tasks in order.
type queue struct {
	pool   *blocks
	blocks []*block
	size   int // octets, with itemCost for each message and task
}

// put appends a message to a port; the arguments are copied.
func (q *queue) put(p *Port, f *feed, m codec.Message) {
	b := q.tail()
	at := len(b.data)
	data := append(b.data, zeroHead[:]...)
	q.end(b, p, f, at, append(data, m.Raw()...), m.Len())
}

// putArgs encodes arguments right into the queue.
func (q *queue) putArgs(p *Port, args []any) error {
	b := q.tail()
	at := len(b.data)
	data, err := codec.AppendArgs(append(b.data, zeroHead[:]...), args)
	if err != nil {
		return err
	}
	q.end(b, p, nil, at, data, len(args))
	return nil
}

var zeroHead [messageHead]byte

// run appends a task.
func (q *queue) run(t loop.Task) {
	b := q.tail()
	b.runs = append(b.runs, run{end: len(b.tasks)})
	b.tasks = append(b.tasks, t)
	b.n++
	q.size += itemCost
}

// end completes a message of n arguments that begins at data[at].
func (q *queue) end(b *block, p *Port, f *feed, at int, data []byte, n int) {
	size := len(data) - at - messageHead
	binary.LittleEndian.PutUint64(data[at:], uint64(n)<<32|uint64(uint32(size)))
	b.data = data
	b.n++
	q.size += size + itemCost
	if k := len(b.runs); k > 0 && b.runs[k-1].port == p && b.runs[k-1].feed == f {
		b.runs[k-1].end = len(data)
		return
	}
	b.runs = append(b.runs, run{port: p, feed: f, end: len(data)})
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
