package main

import (
	"errors"
	"strings"
	"testing"
)

// slowTerminal takes what is written when it is let.
type slowTerminal struct {
	begun chan struct{}
	let   chan error
	text  strings.Builder
}

func (s *slowTerminal) Write(b []byte) (int, error) {
	s.begun <- struct{}{}
	if err := <-s.let; err != nil {
		return 0, err
	}
	return s.text.Write(b)
}

func newSlowTerminal() *slowTerminal {
	return &slowTerminal{begun: make(chan struct{}, 100), let: make(chan error)}
}

func TestAPrinterLeavesOutWhatASlowTerminalHasNoRoomFor(t *testing.T) {
	terminal := newSlowTerminal()
	p := newPrinter(terminal)
	p.print("first\n")
	<-terminal.begun
	half := strings.Repeat("x", maxUnprinted/2) + "\n"
	p.print(half)
	p.print(half) // one octet too many
	p.print(half)
	p.print("small\n")
	close(terminal.let)
	p.stop()
	want := "first\n" + half + "small\n(2 messages left out: this output is too slow)\n"
	if got := terminal.text.String(); got != want {
		t.Errorf("%d octets instead of %d, ending with %q", len(got), len(want), got[max(0, len(got)-100):])
	}
}

func TestAPrinterTakesALineThatIsTooLargeIfThereIsNothingElse(t *testing.T) {
	terminal := newSlowTerminal()
	close(terminal.let)
	p := newPrinter(terminal)
	p.print(strings.Repeat("x", maxUnprinted+1))
	p.stop()
	if n := terminal.text.Len(); n != maxUnprinted+1 {
		t.Errorf("%d octets", n)
	}
}

func TestAPrinterEndsWhenNobodyReadsAnyMore(t *testing.T) {
	terminal := newSlowTerminal()
	p := newPrinter(terminal)
	p.print("x\n")
	terminal.let <- errors.New("closed")
	<-p.ended
	p.print("y\n")
	p.stop()
}
