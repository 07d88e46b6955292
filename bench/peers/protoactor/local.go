package main

import (
	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/turns"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/asynkron/protoactor-go/actor"
)

// Messages of a handler that floods.
type (
	turn  struct{} // to itself
	grant struct{} // from its receiver
)

func alone(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	if s.Kind != play.Local {
		return play.Skip("doesn't know %s", s.Kind)
	}
	if s.From == "handler" {
		return fromHandler(s, newSystem())
	}
	return fromGoroutines(s, newSystem())
}

// local is a sink of the same process; full is called for each share it has taken.
func local(s play.Spec, m *play.Meter, full func(actor.Context)) actor.ReceiveFunc {
	count := window.NewCount(s)
	return func(ctx actor.Context) {
		msg, ok := ctx.Message().(*message.Plain)
		if !ok {
			return
		}
		if msg.Tag != play.Tag {
			m.Damaged()
		}
		m.Take(msg.Number, msg.Text)
		if count.Full() {
			full(ctx)
		}
	}
}

func fromGoroutines(s play.Spec, system *actor.ActorSystem) error {
	windows := window.Each(s)
	meters := play.NewMeters(s.Pairs * s.Ports)
	sinks := make([]*actor.PID, s.Pairs*s.Ports)
	for k := range sinks {
		sink, err := spawn(system, "sink", k, local(s, meters.Meter(k), func(actor.Context) { windows[k/s.Ports].Grant() }))
		if err != nil {
			return err
		}
		sinks[k] = sink
	}
	text := play.Text(s.Size)
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		system.Root.Send(sinks[pair*s.Ports+port], &message.Plain{Tag: play.Tag, Number: number, Text: text})
		return nil
	})
}

func fromHandler(s play.Spec, system *actor.ActorSystem) error {
	near := system.NewLocalPID("source0")
	sink, err := spawn(system, "sink", 0, local(s, play.NewMeters(1).Meter(0), func(ctx actor.Context) { ctx.Send(near, grant{}) }))
	if err != nil {
		return err
	}
	t, text := turns.New(s), play.Text(s.Size)
	_, err = spawn(system, "source", 0, func(ctx actor.Context) {
		again := false
		switch ctx.Message().(type) {
		case *actor.Started, turn:
			again = t.Turn(func(number int64) {
				ctx.Send(sink, &message.Plain{Tag: play.Tag, Number: number, Text: text})
			})
		case grant:
			again = t.Grant()
		}
		if again {
			ctx.Send(ctx.Self(), turn{})
		}
	})
	return err
}
