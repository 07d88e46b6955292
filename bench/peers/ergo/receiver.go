package main

import (
	"fmt"
	"time"

	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/ergo-services/ergo/etf"
	"github.com/ergo-services/ergo/gen"
	"github.com/ergo-services/ergo/node"
)

func receiver(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	n, address, err := start(s, "receiver", node.Route{})
	if err != nil {
		return err
	}
	kind, many := "sink", s.Pairs*s.Ports
	var behavior func(k int) gen.ProcessBehavior
	switch s.Kind {
	case play.OneWay, play.FanIn, play.Start:
		meters := play.NewMeters(many)
		behavior = func(k int) gen.ProcessBehavior { return sink(s, meters.Meter(k)) }
	case play.PingPong:
		kind, many = "echo", s.Links
		behavior = func(int) gen.ProcessBehavior { return echo() }
	case play.Call:
		kind, many = "echo", s.Links
		behavior = func(int) gen.ProcessBehavior { return &answerer{} }
	case play.Idle:
		kind, many = "scale", 1
		before, err := play.Resident()
		if err != nil {
			return err
		}
		behavior = func(int) gen.ProcessBehavior { return weigh(s, before) }
	default:
		return play.Skip("doesn't know %s", s.Kind)
	}
	for k := range many {
		if _, err := spawn(n, inbox(s), kind, k, behavior(k)); err != nil {
			return err
		}
	}
	play.Say(play.Line{Ready: address})
	return nil
}

// sink meters what it gets, and grants messages to who has said hello.
func sink(s play.Spec, m *play.Meter) worker {
	count := window.NewCount(s)
	var to etf.Pid
	return func(self gen.Process, _ etf.Pid, message etf.Term) {
		number, text, ok := read(message)
		if !ok {
			k, who, ok := greeting(message)
			if !ok {
				m.Damaged()
				return
			}
			to = who
			send(self, to, etf.Tuple{hello, k, self.Self()})
			return
		}
		m.TakeBytes(number, text)
		if count.Full() {
			send(self, to, etf.Tuple{grant})
		}
	}
}

// echo sends back what it gets, to who has said hello.
func echo() worker {
	var to etf.Pid
	return func(self gen.Process, _ etf.Pid, message etf.Term) {
		if k, who, ok := greeting(message); ok {
			to = who
			send(self, to, etf.Tuple{hello, k, self.Self()})
			return
		}
		number, text, ok := read(message)
		if !ok {
			fail(fmt.Errorf("got %v", message))
			return
		}
		send(self, to, tuple(number, etf.String(text)))
	}
}

// answerer answers requests.
type answerer struct{ gen.Server }

// HandleCall implements gen.ServerBehavior.
func (*answerer) HandleCall(_ *gen.ServerProcess, _ gen.ServerFrom, message etf.Term) (etf.Term, gen.ServerStatus) {
	number, text, ok := read(message)
	if !ok {
		fail(fmt.Errorf("got %v", message))
	}
	return tuple(number, etf.String(text)), gen.ServerStatusOK
}

// weigh measures what the process's memory has grown by, once a peer says that all are
// connected.
func weigh(s play.Spec, before int64) worker {
	return func(gen.Process, etf.Pid, etf.Term) {
		time.Sleep(s.Warm)
		after, err := play.Resident()
		if err != nil {
			fail(err)
			return
		}
		play.Say(play.Line{Result: &play.Result{Octets: (after - before) / int64(s.Peers)}})
	}
}

// send sends, and tells the harness if that fails.
func send(self gen.Process, to any, message etf.Term) {
	if err := self.Send(to, message); err != nil {
		fail(fmt.Errorf("send to %v: %w", to, err))
	}
}

func fail(err error) { play.Say(play.Line{Error: err.Error()}) }
