package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// grace is how long a child may take to end, once it is told to.
const grace = 5 * time.Second

// A child is a program that plays a role, in a process group of its own, so that all that
// it starts ends with it.
type child struct {
	role   string
	cmd    *exec.Cmd
	in     io.Closer
	errors tail
	mute   chan struct{} // closed when it has closed its standard output
}

// said is something that a child has said, or err why it says nothing any more.
type said struct {
	by   *child
	line play.Line
	err  error
}

// startChild starts a child, on one CPU if cpu isn't negative. It gives to tell whatever
// the child says, until it has ended.
func startChild(path string, args, env []string, role string, cpu int, tell func(said)) (*child, error) {
	c := &child{role: role, cmd: exec.Command(path, args...), mute: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.cmd.Stderr = &c.errors
	c.cmd.WaitDelay = grace
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in = in
	if cpu >= 0 {
		err = startOn(cpu, c.cmd)
	} else {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(c.mute)
		for r := bufio.NewReader(out); ; {
			s := c.next(r)
			tell(s)
			if s.err != nil {
				return
			}
		}
	}()
	return c, nil
}

// next reads the next line.
func (c *child) next(r *bufio.Reader) said {
	text, err := r.ReadBytes('\n')
	if err != nil {
		return said{by: c, err: fmt.Errorf("the %s ended early", c.role)}
	}
	s := said{by: c}
	if err := json.Unmarshal(text, &s.line); err != nil {
		s.err = fmt.Errorf("the %s said %.200q: %w", c.role, text, err)
	}
	return s
}

// group is the child's process group.
func (c *child) group() int { return c.cmd.Process.Pid }

// end ends the child and all that it has started. What it has said on standard error
// is complete then.
func (c *child) end() {
	c.in.Close()
	select {
	case <-c.mute:
	case <-time.After(grace):
	}
	// Not yet waited for, so nobody else has got the number.
	syscall.Kill(-c.group(), syscall.SIGKILL)
	c.cmd.Wait()
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 2 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
