package main

import (
	"fmt"

	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/ergo-services/ergo/etf"
	"github.com/ergo-services/ergo/gen"
	"github.com/ergo-services/ergo/node"
)

func sender(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	nodes, far, err := connect(s, max(s.Links, s.Peers))
	if err != nil {
		return err
	}
	switch {
	case s.Kind == play.OneWay, s.Kind == play.FanIn:
		return flood(s, nodes, far)
	case s.Kind == play.Start:
		p, err := spawn(nodes[0], outbox(s), "source", 0, worker(ignore))
		if err != nil {
			return err
		}
		return p.Send(at(far, "sink", 0), tuple(play.Begin, etf.String(play.Text(s.Size))))
	case s.Kind == play.Call:
		return call(s, nodes[0], far)
	case s.Kind == play.PingPong && s.Rate > 0:
		return paced(s, nodes[0], far)
	case s.Kind == play.PingPong:
		return pingpong(s, nodes, far)
	case s.Kind == play.Idle:
		p, err := spawn(nodes[0], outbox(s), "source", 0, worker(ignore))
		if err != nil {
			return err
		}
		return p.Send(at(far, "scale", 0), hello)
	}
	return play.Skip("doesn't know %s", s.Kind)
}

func ignore(gen.Process, etf.Pid, etf.Term) {}

// A reached is a receiver that has said hello.
type reached struct {
	k   int
	pid etf.Pid
}

// flood sends from goroutines in the names of processes: one for each pair and node.
func flood(s play.Spec, nodes []node.Node, far string) error {
	windows, many := window.Each(s), s.Pairs*s.Ports
	sources, sinks, here := make([]gen.Process, many), make([]etf.Pid, many), make(chan reached, many)
	for k := range many {
		pair, link := k/s.Ports, k/s.Ports
		if s.Peers > 0 {
			link = k
		}
		if s.Peers == 0 && k%s.Ports > 0 {
			sources[k] = sources[k-1]
		} else {
			p, err := spawn(nodes[link%len(nodes)], outbox(s), "source", k, source(windows[pair], here))
			if err != nil {
				return err
			}
			sources[k] = p
		}
		if err := sources[k].Send(at(far, "sink", k), etf.Tuple{hello, k, sources[k].Self()}); err != nil {
			return err
		}
	}
	for range many {
		r := <-here
		sinks[r.k] = r.pid
	}
	text := etf.String(play.Text(s.Size))
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		k := pair*s.Ports + port
		return sources[k].Send(sinks[k], tuple(number, text))
	})
}

// source takes what receivers say.
func source(w *window.Window, here chan<- reached) worker {
	return func(_ gen.Process, _ etf.Pid, message etf.Term) {
		if k, pid, ok := greeting(message); ok {
			here <- reached{k, pid}
		} else if granted(message) {
			w.Grant()
		} else {
			fail(fmt.Errorf("got %v", message))
		}
	}
}

// lane starts the process that has to do with number k of those that echo, and has it say
// hello; then begin and back are called by it.
func lane(s play.Spec, n node.Node, far string, k int, begin func(self gen.Process, to etf.Pid), back func(self gen.Process, to etf.Pid, number int64)) error {
	var to etf.Pid
	p, err := spawn(n, inbox(s), "lane", k, worker(func(self gen.Process, _ etf.Pid, message etf.Term) {
		if _, pid, ok := greeting(message); ok {
			to = pid
			begin(self, to)
		} else if number, _, ok := read(message); ok {
			back(self, to, number)
		} else {
			fail(fmt.Errorf("got %v", message))
		}
	}))
	if err != nil {
		return err
	}
	return p.Send(at(far, "echo", k), etf.Tuple{hello, k, p.Self()})
}

// pingpong has a process for each link, which sends the next when one is back.
func pingpong(s play.Spec, nodes []node.Node, far string) error {
	laps, text := play.NewLaps(s), etf.String(play.Text(s.Size))
	for k, n := range nodes {
		on := laps.Lane(k)
		next := func(self gen.Process, to etf.Pid, slot int) { send(self, to, tuple(on.Send(slot), text)) }
		err := lane(s, n, far, k, func(self gen.Process, to etf.Pid) {
			for slot := range s.Depth {
				next(self, to, slot)
			}
		}, func(self gen.Process, to etf.Pid, number int64) {
			if slot, again := on.Back(number); again {
				next(self, to, slot)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// paced sends from a goroutine in the name of the process that takes what comes back.
func paced(s play.Spec, n node.Node, far string) error {
	text, failed := etf.String(play.Text(s.Size)), make(chan error)
	var p *play.Paced
	err := lane(s, n, far, 0, func(self gen.Process, to etf.Pid) {
		p = play.NewPaced(s)
		go func() {
			failed <- p.Run(func(number int64) error { return self.Send(to, tuple(number, text)) })
		}()
	}, func(_ gen.Process, _ etf.Pid, number int64) { p.Back(number) })
	if err != nil {
		return err
	}
	return <-failed
}

// call asks from a gen.Server and waits for the answer.
func call(s play.Spec, n node.Node, far string) error {
	p, err := n.Spawn("asker", gen.ProcessOptions{}, &asker{spec: s, to: at(far, "echo", 0)})
	if err != nil {
		return err
	}
	return p.Send(p.Self(), hello)
}

// asker asks as long as it goes on.
type asker struct {
	gen.Server
	spec play.Spec
	to   gen.ProcessID
}

// HandleInfo implements gen.ServerBehavior.
func (a *asker) HandleInfo(self *gen.ServerProcess, _ etf.Term) gen.ServerStatus {
	on, text := play.NewLaps(a.spec).Lane(0), etf.String(play.Text(a.spec.Size))
	for again := true; again; {
		answer, err := self.Call(a.to, tuple(on.Send(0), text))
		if err != nil {
			fail(fmt.Errorf("call: %w", err))
			return gen.ServerStatusStop
		}
		number, _, ok := read(answer)
		if !ok {
			fail(fmt.Errorf("call: answered %v", answer))
			return gen.ServerStatusStop
		}
		_, again = on.Back(number)
	}
	return gen.ServerStatusOK
}
