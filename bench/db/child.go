package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A child is a process of this program that plays one role. It is told what to do in
// lines on its standard input and answers in lines; it ends with its input.
type child struct {
	role string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
}

func startChild(role string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{role: role, cmd: exec.Command(self, append([]string{"-role", role, "-profile", *profile}, args...)...)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	return c, c.cmd.Start()
}

// tell gives the child a line.
func (c *child) tell(words ...any) error {
	_, err := fmt.Fprintln(c.in, words...)
	return err
}

// answer scans the child's next line. A child that says nothing for too long is ended.
func (c *child) answer(to ...any) error {
	giveUp := time.AfterFunc(patience, func() { c.cmd.Process.Kill() })
	defer giveUp.Stop()
	if !c.out.Scan() {
		return fmt.Errorf("the %s ended early: %v", c.role, c.out.Err())
	}
	line := c.out.Text()
	if text, failed := strings.CutPrefix(line, "error "); failed {
		return fmt.Errorf("%s: %s", c.role, text)
	}
	if _, err := fmt.Sscan(line, to...); err != nil {
		return fmt.Errorf("the %s said %q: %w", c.role, line, err)
	}
	return nil
}

// ask is tell and answer.
func (c *child) ask(words []any, to ...any) error {
	if err := c.tell(words...); err != nil {
		return err
	}
	return c.answer(to...)
}

func (c *child) end() {
	c.in.Close()
	c.cmd.Wait() // what went wrong it has said on standard error
}

// A cast is a set of children.
type cast struct{ children []*child }

// add starts a child and scans its first line.
func (p *cast) add(role string, hello any, args ...string) (*child, error) {
	c, err := startChild(role, args...)
	if err != nil {
		return nil, err
	}
	p.children = append(p.children, c)
	return c, c.answer(hello)
}

func (p *cast) end() {
	for _, c := range p.children {
		c.end()
	}
}

// cpu is what the child has used so far.
func (c *child) cpu() (d time.Duration, err error) {
	return d, c.ask([]any{"cpu"}, &d)
}

// obey is the child's side: it calls do for each line, with its words.
func obey(do func(words []string) error) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if words[0] == "cpu" {
			fmt.Println(int64(cpuTime()))
			continue
		}
		if err := do(words); err != nil {
			fmt.Println("error", err)
			return err
		}
	}
	return in.Err()
}
