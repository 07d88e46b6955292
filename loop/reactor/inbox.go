package reactor

import (
	"sync"

	"github.com/aemp-go/aemp/loop"
)

// maxSpare is how many tasks the inbox's second slice may keep room for: 1 MiB.
const maxSpare = 64 << 10

// An inbox takes tasks from any goroutine. The bell is rung for the first of a
// batch only, and the loop takes whole batches, one per turn, so that a task which
// posts itself again leaves room for everything else.
type inbox struct {
	bell bell

	mu      sync.Mutex
	tasks   []loop.Task
	awake   bool // the loop will look into it without being rung
	stopped bool
	posted  uint64

	spare []loop.Task // the loop's; the next batch collects in it
}

func (in *inbox) post(t loop.Task) bool {
	in.mu.Lock()
	if in.stopped {
		in.mu.Unlock()
		return false
	}
	in.tasks = append(in.tasks, t)
	in.posted++
	in.wake()
	in.mu.Unlock()
	return true
}

// wake rings for a loop that sleeps. Under the lock, lest the loop ends before the bell rings.
func (in *inbox) wake() {
	if !in.awake {
		in.awake = true
		in.bell.ring()
	}
}

// ring makes the loop take a turn even if there is no task.
func (in *inbox) ring() {
	in.mu.Lock()
	in.wake()
	in.mu.Unlock()
}

// take is called by the loop once per turn.
func (in *inbox) take() []loop.Task {
	in.mu.Lock()
	batch := in.tasks
	if len(batch) > 0 {
		in.tasks, in.spare = in.spare, nil
	}
	in.awake = true
	in.mu.Unlock()
	return batch
}

// stayAwake is called by who is going to run the loop: it needn't be rung.
func (in *inbox) stayAwake() {
	in.mu.Lock()
	in.awake = true
	in.mu.Unlock()
}

// rest is called before the loop waits. If there is no task, whoever posts the next
// one rings the bell.
func (in *inbox) rest() bool {
	in.mu.Lock()
	in.awake = len(in.tasks) > 0
	idle := !in.awake
	in.mu.Unlock()
	return idle
}

// quiet: there is no task.
func (in *inbox) quiet() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.tasks) == 0
}

// recycle gives a batch back whose tasks are all run and forgotten.
func (in *inbox) recycle(batch []loop.Task) {
	if cap(batch) > 0 && cap(batch) <= maxSpare {
		in.spare = batch[:0]
	}
}

// stop refuses tasks from now on and returns those accepted before.
func (in *inbox) stop() []loop.Task {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stopped = true
	batch := in.tasks
	in.tasks = nil
	return batch
}

func (in *inbox) total() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.posted
}
