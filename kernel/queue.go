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
	port *Port // nil: the next task
	feed *feed // the link that the messages came over, if any
	from int   // the messages begin there in data, and end where the next run begins
}

// block is a row of runs with the messages among them. It is as large as stays in a
// core's cache from when it is filled until it is worked off.
type block struct {
	data  []byte // of each message its head, then its arguments
	n     int    // messages and tasks
	port  *Port  // that of the last run, if it is one of messages,
	feed  *feed  // and its link
	runs  []run
	tasks []loop.Task

	// How far it has been worked off.
	next int // run
	at   int // in data
	task int
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

// row has the last run be one of messages to that port.
func (b *block) row(p *Port, f *feed) {
	if b.port != p || b.feed != f {
		b.port, b.feed = p, f
		b.runs = append(b.runs, run{p, f, len(b.data)})
	}
}

// end is where the messages of a run end.
func (b *block) end(run int) int {
	if run+1 < len(b.runs) {
		return b.runs[run+1].from
	}
	return len(b.data)
}

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
	*b = block{data: b.data[:0], runs: b.runs[:0], tasks: b.tasks[:0]}
	if cap(b.data) <= maxKeptData {
		p.pool.Put(b)
	}
}

// queue keeps messages and tasks in order.
type queue struct {
	pool   *blocks
	blocks []*block
	last   *block // of blocks, unless that is full
	size   int    // octets, with itemCost for each message and task
}

// put appends a message to a port; the arguments are copied.
func (q *queue) put(p *Port, f *feed, m codec.Message) {
	b := q.tail()
	b.row(p, f)
	at := len(b.data)
	q.end(b, append(append(b.data, zeroHead[:]...), m.Raw()...), at, m.Len())
}

// putArgs encodes arguments right into the queue.
func (q *queue) putArgs(p *Port, args []any) error {
	b := q.tail()
	b.row(p, nil)
	at := len(b.data)
	data, err := codec.AppendArgs(append(b.data, zeroHead[:]...), args)
	if err != nil {
		return err
	}
	q.end(b, data, at, len(args))
	return nil
}

var zeroHead [messageHead]byte

// run appends a task.
func (q *queue) run(t loop.Task) {
	b := q.tail()
	b.port = nil
	b.runs = append(b.runs, run{from: len(b.data)})
	b.tasks = append(b.tasks, t)
	q.count(b, 0)
}

// end completes a message of n arguments that begins at data[at].
func (q *queue) end(b *block, data []byte, at, n int) {
	size := len(data) - at - messageHead
	binary.LittleEndian.PutUint64(data[at:], uint64(n)<<32|uint64(uint32(size)))
	b.data = data
	q.count(b, size)
}

// count counts a message of that size, or a task, in the last block.
func (q *queue) count(b *block, size int) {
	q.size += size + itemCost
	if b.n++; b.full() {
		q.last = nil
	}
}

// tail is the block to append to.
func (q *queue) tail() *block {
	if q.last == nil {
		q.extend()
	}
	return q.last
}

// extend isn't part of tail, so that tail is inlined.
//
//go:noinline
func (q *queue) extend() {
	q.last = q.pool.get()
	q.blocks = append(q.blocks, q.last)
}

func (q *queue) empty() bool { return len(q.blocks) == 0 }

// emptied is an empty queue in the place of q, whose blocks have been worked off.
func (q *queue) emptied() queue {
	clear(q.blocks)
	return queue{pool: q.pool, blocks: q.blocks[:0]}
}
