package main

import (
	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/asynkron/protoactor-go/actor"
)

func receiver(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	system, err := newRemote(s)
	if err != nil {
		return err
	}
	switch s.Kind {
	case play.OneWay, play.Start:
		meters := play.NewMeters(s.Pairs * s.Ports)
		for k := range s.Pairs * s.Ports {
			if _, err := spawn(system, "sink", k, sink(s, meters.Meter(k))); err != nil {
				return err
			}
		}
	case play.PingPong, play.Call:
		for k := range s.Links {
			if _, err := spawn(system, "echo", k, echo); err != nil {
				return err
			}
		}
	default:
		return play.Skip("doesn't know %s", s.Kind)
	}
	play.Say(play.Line{Ready: system.Address()})
	return nil
}

// sink meters what it gets, and grants messages to who has said hello.
func sink(s play.Spec, m *play.Meter) actor.ReceiveFunc {
	count := window.NewCount(s)
	var from *actor.PID
	return func(ctx actor.Context) {
		switch msg := ctx.Message().(type) {
		case *message.Message:
			if msg.Tag != play.Tag {
				m.Damaged()
			}
			m.Take(msg.Number, msg.Text)
			if count.Full() {
				ctx.Send(from, &message.Grant{})
			}
		case *message.Hello:
			from = ctx.Sender()
		}
	}
}

// echo sends back what it gets.
func echo(ctx actor.Context) {
	if msg, ok := ctx.Message().(*message.Message); ok {
		ctx.Respond(&message.Message{Tag: msg.Tag, Number: msg.Number, Text: msg.Text})
	}
}
