package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// A child is a process of this program that answers each line with a line.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startChild(args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, args...)}
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

func (c *child) tell(line string) error {
	_, err := fmt.Fprintln(c.in, line)
	return err
}

// answer scans the child's next line.
func (c *child) answer(to ...any) error {
	if !c.out.Scan() {
		return fmt.Errorf("a process ended early: %v", c.out.Err())
	}
	if _, err := fmt.Sscan(c.out.Text(), to...); err != nil {
		return fmt.Errorf("a process said %q: %w", c.out.Text(), err)
	}
	return nil
}

func (c *child) ask(line string, to ...any) error {
	if err := c.tell(line); err != nil {
		return err
	}
	return c.answer(to...)
}

// end lets the child end: it does at the end of its input.
func (c *child) end() {
	c.in.Close()
	c.cmd.Wait() // what went wrong it has said itself
}
