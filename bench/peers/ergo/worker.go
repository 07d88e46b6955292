package main

import (
	"fmt"
	"strconv"

	"github.com/aemp-go/aemp/bench/play"
	"github.com/ergo-services/ergo/etf"
	"github.com/ergo-services/ergo/gen"
	"github.com/ergo-services/ergo/node"
)

// A worker is a process that reads its mailbox in a loop.
type worker func(self gen.Process, from etf.Pid, message etf.Term)

// ProcessInit implements gen.ProcessBehavior.
func (worker) ProcessInit(self gen.Process, _ ...etf.Term) (gen.ProcessState, error) {
	return gen.ProcessState{Process: self}, nil
}

// ProcessLoop implements gen.ProcessBehavior.
func (w worker) ProcessLoop(self gen.ProcessState, started chan<- bool) string {
	started <- true
	from := self.ProcessChannels()
	for {
		select { // alone, this is much cheaper
		case m := <-from.Mailbox:
			w(self, m.From, m.Message)
			continue
		default:
		}
		select {
		case m := <-from.Mailbox:
			w(self, m.From, m.Message)
		case exit := <-from.GracefulExit:
			return exit.Reason
		case <-self.Context().Done():
			return "kill"
		}
	}
}

// spawn starts number k of a kind of process.
func spawn(n node.Node, o gen.ProcessOptions, kind string, k int, behavior gen.ProcessBehavior) (gen.Process, error) {
	p, err := n.Spawn(kind+strconv.Itoa(k), o, behavior)
	if err != nil {
		return nil, fmt.Errorf("spawn %s%d: %w", kind, k, err)
	}
	return p, nil
}

// at is number k of a kind at a node.
func at(node, kind string, k int) gen.ProcessID {
	return gen.ProcessID{Name: kind + strconv.Itoa(k), Node: node}
}

// Atoms that begin messages.
const (
	tag   = etf.Atom(play.Tag)
	hello = etf.Atom("hello") // {hello, Number, Pid}: of the receiver, to whom grants go; and back, to whom messages do
	grant = etf.Atom("grant") // {grant}: a share more may be sent
)

// tuple is a message between nodes.
func tuple(number int64, text etf.String) etf.Tuple { return etf.Tuple{tag, number, text} }

// read reads one.
func read(message etf.Term) (number int64, text []byte, ok bool) {
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 3 || t[0] != tag {
		return 0, nil, false
	}
	if text, ok = t[2].([]byte); !ok {
		return 0, nil, false
	}
	number, ok = integer(t[1])
	return number, text, ok
}

// integer reads a number, which is an int if it is small.
func integer(term etf.Term) (int64, bool) {
	switch n := term.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// greeting reads {hello, Number, Pid}.
func greeting(message etf.Term) (k int, who etf.Pid, ok bool) {
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 3 || t[0] != hello {
		return 0, etf.Pid{}, false
	}
	number, ok := integer(t[1])
	if !ok {
		return 0, etf.Pid{}, false
	}
	who, ok = t[2].(etf.Pid)
	return int(number), who, ok
}

// granted says whether a message is a grant.
func granted(message etf.Term) bool {
	t, ok := message.(etf.Tuple)
	return ok && len(t) == 1 && t[0] == grant
}
