package main

import (
	"fmt"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/turns"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/ergo-services/ergo/etf"
	"github.com/ergo-services/ergo/gen"
	"github.com/ergo-services/ergo/node"
)

// turn is a message of a handler that floods, to itself.
type turn struct{}

func alone(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	if s.Kind != play.Local {
		return play.Skip("doesn't know %s", s.Kind)
	}
	n, _, err := start(s, "alone", node.Route{})
	if err != nil {
		return err
	}
	if s.From == "handler" {
		return fromHandler(s, n)
	}
	return fromGoroutines(s, n)
}

// local is a sink of the same node; full is called for each share it has taken.
func local(s play.Spec, m *play.Meter, full func(self gen.Process)) worker {
	count := window.NewCount(s)
	return func(self gen.Process, _ etf.Pid, term etf.Term) {
		msg, ok := term.(*message.Plain)
		if !ok || msg.Tag != play.Tag {
			m.Damaged()
			return
		}
		m.Take(msg.Number, msg.Text)
		if count.Full() {
			full(self)
		}
	}
}

func fromGoroutines(s play.Spec, n node.Node) error {
	windows, meters := window.Each(s), play.NewMeters(s.Pairs*s.Ports)
	sources, sinks := make([]gen.Process, s.Pairs), make([]etf.Pid, s.Pairs*s.Ports)
	for k := range sinks {
		p, err := spawn(n, inbox(s), "sink", k, local(s, meters.Meter(k), func(gen.Process) { windows[k/s.Ports].Grant() }))
		if err != nil {
			return err
		}
		sinks[k] = p.Self()
	}
	for pair := range sources {
		p, err := spawn(n, outbox(s), "source", pair, worker(ignore))
		if err != nil {
			return err
		}
		sources[pair] = p
	}
	text := play.Text(s.Size)
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		return sources[pair].Send(sinks[pair*s.Ports+port], &message.Plain{Tag: play.Tag, Number: number, Text: text})
	})
}

func fromHandler(s play.Spec, n node.Node) error {
	near := at(n.Name(), "source", 0)
	sink, err := spawn(n, inbox(s), "sink", 0, local(s, play.NewMeters(1).Meter(0), func(self gen.Process) { send(self, near, etf.Tuple{grant}) }))
	if err != nil {
		return err
	}
	t, text, to := turns.New(s), play.Text(s.Size), sink.Self()
	p, err := spawn(n, outbox(s), "source", 0, worker(func(self gen.Process, _ etf.Pid, term etf.Term) {
		again := false
		switch {
		case term == turn{}:
			again = t.Turn(func(number int64) {
				send(self, to, &message.Plain{Tag: play.Tag, Number: number, Text: text})
			})
		case granted(term):
			again = t.Grant()
		default:
			fail(fmt.Errorf("got %v", term))
		}
		if again {
			send(self, self.Self(), turn{})
		}
	}))
	if err != nil {
		return err
	}
	return p.Send(p.Self(), turn{})
}
