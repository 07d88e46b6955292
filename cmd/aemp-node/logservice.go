package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aemp-go/aemp"
)

var logService = service{
	name: "log",
	serve: func(o *options, p *aemp.Port) func() {
		w := newPrinter(o.stdout)
		p.OnDefault(func(_ *aemp.Context, m aemp.Message) { w.print(line(m) + "\n") })
		return w.stop
	},
}

// maxUnprinted is how many octets may wait for a slow terminal. What comes then is left
// out, and how much that was is printed.
const maxUnprinted = 1 << 20

// printer writes lines on a goroutine of its own, since a handler can't wait.
type printer struct {
	w     io.Writer
	ended chan struct{}

	mu      sync.Mutex
	changed *sync.Cond
	text    []byte
	lost    int
	over    bool
}

func newPrinter(w io.Writer) *printer {
	p := &printer{w: w, ended: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	go p.run()
	return p
}

func (p *printer) print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.text) > 0 && len(p.text)+len(line) > maxUnprinted {
		p.lost++
		return
	}
	p.text = append(p.text, line...)
	p.changed.Signal()
}

// run writes until there is nothing left after stop, or writing fails.
func (p *printer) run() {
	defer close(p.ended)
	var free []byte
	for {
		text, ok := p.take(free[:0])
		if !ok {
			return
		}
		if _, err := p.w.Write(text); err != nil {
			return
		}
		free = text
	}
}

// take waits for text, and leaves an empty buffer in its place.
func (p *printer) take(free []byte) (text []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.text) == 0 && !p.over {
		p.changed.Wait()
	}
	text, p.text = p.text, free
	if p.lost > 0 {
		text = fmt.Appendf(text, "(%d messages left out: this output is too slow)\n", p.lost)
		p.lost = 0
	}
	return text, len(text) > 0
}

// stop waits until everything is written, but not for a terminal that stands still.
func (p *printer) stop() {
	p.mu.Lock()
	p.over = true
	p.changed.Signal()
	p.mu.Unlock()
	select {
	case <-p.ended:
	case <-time.After(closeLimit):
	}
}
