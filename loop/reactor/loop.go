package reactor

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"

	"github.com/aemp-go/aemp/loop"
)

const (
	readSize  = 128 << 10 // one read of a connection per event, for fairness; more than who streams writes at once
	flushSize = 64 << 10  // output above this is written before the turn ends

	smallOutput = 512 // copied rather than swapped

	// What the free list of output buffers keeps.
	newBuffer   = 4 << 10
	maxBuffer   = 512 << 10
	freeBuffers = 16
)

// A source is what an event of its descriptor is handed to.
type source interface {
	event(readable, writable bool)
	stop() // the loop ends
}

// An eventLoop is one loop of a Group. What has no lock of its own and isn't atomic
// belongs to who runs it.
type eventLoop struct {
	group   *Group
	index   int
	id      goroutineID // set once, when the loop starts
	started chan struct{}

	// turns is held by who runs the loop and may touch what belongs to it: its goroutine, but
	// while that waits at the gate, or one that attends.
	turns         sync.Mutex
	gate          gate
	attended      atomic.Bool // one does
	asked         atomic.Bool // one wanted to and couldn't
	reopened      bool        // the gate, by one that did
	turnsSinceAsk int

	poll    poller
	bell    bell
	alarm   alarm
	inbox   inbox
	timers  timers
	sources []source // by descriptor

	stopping bool
	company  int            // waits for which goroutines are still expected to post
	yielded  time.Duration  // when the loop last looked whether it is crowded
	crowded  bool           // the loops hold all processors
	soon     int            // so many times in a row something came soon
	ticking  time.Duration  // ticked is called within that time; 0: it isn't
	active   bool           // there was something to be done since the last time
	helpers  sync.WaitGroup // goroutines that shake hands for a connection

	later   []loop.Task
	dirty   []*conn  // with output to be written; an entry whose conn isn't marked dirty is void
	closed  []*conn  // Closed is to be called
	leaving []func() // connections to be handed over once nothing here looks at them

	input   []byte // what read(2) fills
	plain   []byte // what TLS is decrypted into; made when needed
	buffers [][]byte

	offers offers
	counts counts
	pulse  pulse
}

var _ loop.Loop = (*eventLoop)(nil)

func newEventLoop(g *Group, index int) (*eventLoop, error) {
	l := &eventLoop{group: g, index: index, started: make(chan struct{}), input: make([]byte, readSize)}
	l.turns.Lock()
	err := l.open(g.options.portable)
	if err != nil {
		l.free()
		return nil, err
	}
	return l, nil
}

func (l *eventLoop) open(portable bool) (err error) {
	if err = l.poll.open(portable); err != nil {
		return err
	}
	if l.bell, err = newBell(portable); err != nil {
		return err
	}
	if err = l.poll.addSignal(l.bell.fd(), l.bell.edge()); err != nil {
		return err
	}
	l.inbox.bell = l.bell
	if l.alarm, err = newAlarm(portable, func() { l.Post((*fireTask)(l)) }); err != nil {
		return err
	}
	if fd := l.alarm.fd(); fd >= 0 {
		return l.poll.addSignal(fd, true)
	}
	return nil
}

// free gives the descriptors back.
func (l *eventLoop) free() {
	if l.alarm != nil {
		l.alarm.close()
	}
	if l.bell != nil {
		l.bell.close()
	}
	l.gate.tearDown()
	l.poll.close()
}

func (l *eventLoop) run() {
	l.id = currentGoroutine()
	close(l.started)
	if err := l.wait(); err != nil {
		l.group.log.Error("event loop ended", "loop", l.index, "error", err)
	}
	l.pulse.begin(l.Now()) // what is called at the end is inside, too
	l.shut()
}

// quit makes the loop end after this turn.
func (l *eventLoop) quit() { l.stopping = true }

// handle handles one event of the poller; not the bell's.
func (l *eventLoop) handle(fd int, ev netpoll.IOEvent) {
	l.counts.turns.Add(1)
	switch {
	case fd == l.alarm.fd():
		l.fire()
		l.end(nil)
	case fd < len(l.sources) && l.sources[fd] != nil:
		s := l.sources[fd]
		c, _ := s.(*conn)
		l.dispatch(s, c, ev)
		l.end(c)
	}
}

func (l *eventLoop) dispatch(s source, c *conn, ev netpoll.IOEvent) {
	defer l.rescue(c)
	s.event(isReadable(ev), isWritable(ev))
}

// runPosted runs one batch of posted tasks, if there is one.
func (l *eventLoop) runPosted() {
	batch := l.inbox.take()
	if len(batch) == 0 {
		return
	}
	l.counts.turns.Add(1)
	l.counts.wakeups.Add(1)
	l.runTasks(batch)
	l.inbox.recycle(batch)
}

func (l *eventLoop) runTasks(batch []loop.Task) {
	for i, t := range batch {
		batch[i] = nil
		l.run1(t)
	}
}

// run1 runs a task and what it gave to Later. The output of many tasks isn't kept until
// the turn ends, since each connection holds a buffer of the loop's for its own.
func (l *eventLoop) run1(t loop.Task) {
	l.runGuarded(t)
	l.runLater()
	if len(l.dirty) >= freeBuffers {
		l.writeOutput(nil)
	}
}

func (l *eventLoop) runGuarded(t loop.Task) {
	defer l.rescue(nil)
	t.Run()
}

func (l *eventLoop) runLater() {
	for i := 0; i < len(l.later); i++ { // it may grow
		t := l.later[i]
		l.later[i] = nil
		l.runGuarded(t)
	}
	l.later = l.later[:0]
}

// end ends what an event or a turn has caused: tasks for Later, output, Closed, until
// there is none of them. With own only that connection's output is written now; others'
// waits for the end of the turn, so that what several events add to it is one write.
func (l *eventLoop) end(own *conn) {
	for {
		l.runLater()
		l.writeOutput(own)
		l.callClosed()
		if len(l.later) > 0 {
			continue
		}
		if len(l.leaving) == 0 {
			break
		}
		l.handOver()
		own = nil // it may be gone
	}
}

// handOver lets connections go that move: nothing here looks at them any more.
func (l *eventLoop) handOver() {
	for i, leave := range l.leaving {
		l.leaving[i] = nil
		leave()
	}
	l.leaving = l.leaving[:0]
}

func (l *eventLoop) writeOutput(own *conn) {
	if own == nil {
		for i := 0; i < len(l.dirty); i++ {
			c := l.dirty[i]
			l.dirty[i] = nil
			c.writeDirty()
		}
		l.dirty = l.dirty[:0]
		return
	}
	own.writeDirty()
	if len(l.dirty) == 1 && l.dirty[0] == own {
		l.dirty[0] = nil
		l.dirty = l.dirty[:0]
	}
}

func (l *eventLoop) callClosed() {
	for i := 0; i < len(l.closed); i++ {
		c := l.closed[i]
		l.closed[i] = nil
		l.callClosed1(c)
		l.runLater()
	}
	l.closed = l.closed[:0]
}

func (l *eventLoop) callClosed1(c *conn) {
	defer l.rescue(c)
	c.handler.Closed(c, c.reason)
}

// shut ends everything that lives on the loop. Tasks that were accepted are still
// run, and a connection that another loop has handed over still arrives.
func (l *eventLoop) shut() {
	l.stopping = true
	l.stopSources()
	l.helpers.Wait()
	l.runTasks(l.inbox.stop())
	l.stopSources()
	l.timers = timers{}
	l.free()
}

func (l *eventLoop) stopSources() {
	for _, s := range l.sources {
		if s != nil {
			s.stop()
		}
	}
	l.end(nil)
}

// attach makes s get the events of fd.
func (l *eventLoop) attach(fd int, s source) {
	for fd >= len(l.sources) {
		l.sources = append(l.sources, make([]source, max(64, len(l.sources)))...)
	}
	l.sources[fd] = s
}

func (l *eventLoop) buffer() []byte {
	n := len(l.buffers)
	if n == 0 {
		return make([]byte, 0, newBuffer)
	}
	b := l.buffers[n-1]
	l.buffers = l.buffers[:n-1]
	return b
}

func (l *eventLoop) putBuffer(b []byte) {
	if cap(b) > 0 && cap(b) <= maxBuffer && len(l.buffers) < freeBuffers {
		l.buffers = append(l.buffers, b[:0])
	}
}

// Index is the loop's position in the group. Any goroutine.
func (l *eventLoop) Index() int { return l.index }

// Now is the time since the group started. Any goroutine.
func (l *eventLoop) Now() time.Duration { return time.Since(l.group.began) }

// Wall is the time of day. Any goroutine.
func (l *eventLoop) Wall() time.Time { return time.Now() }

// Random fills p from the operating system's generator. Any goroutine.
func (l *eventLoop) Random(p []byte) { rand.Read(p) } // never fails

// Post runs t on the loop. Any goroutine.
func (l *eventLoop) Post(t loop.Task) bool { return l.inbox.post(t) }

// Later runs t when the running callback has returned.
func (l *eventLoop) Later(t loop.Task) { l.later = append(l.later, t) }

// Offload runs work on a goroutine and then done on the loop. Any goroutine.
func (l *eventLoop) Offload(work, done func()) {
	go func() {
		defer l.Post(loop.Func(done))
		defer l.rescue(nil)
		work()
	}()
}
