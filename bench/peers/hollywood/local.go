package main

import (
	"fmt"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/turns"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/anthdm/hollywood/actor"
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
	e, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		return fmt.Errorf("start an engine: %w", err)
	}
	if s.From == "handler" {
		return fromHandler(s, e)
	}
	return fromGoroutines(s, e)
}

// local is a sink of the same process; full is called for each share it has taken.
func local(s play.Spec, m *play.Meter, full func(*actor.Context)) func(*actor.Context) {
	count := window.NewCount(s)
	return func(ctx *actor.Context) {
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

func fromGoroutines(s play.Spec, e *actor.Engine) error {
	windows := window.Each(s)
	meters := play.NewMeters(s.Pairs * s.Ports)
	sinks := make([]*actor.PID, s.Pairs*s.Ports)
	for k := range sinks {
		sinks[k] = spawn(e, "sink", k, local(s, meters.Meter(k), func(*actor.Context) { windows[k/s.Ports].Grant() }))
	}
	text := play.Text(s.Size)
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		e.Send(sinks[pair*s.Ports+port], &message.Plain{Tag: play.Tag, Number: number, Text: text})
		return nil
	})
}

func fromHandler(s play.Spec, e *actor.Engine) error {
	near := at(e.Address(), "source", 0)
	sink := spawn(e, "sink", 0, local(s, play.NewMeters(1).Meter(0), func(ctx *actor.Context) { ctx.Send(near, grant{}) }))
	t, text := turns.New(s), play.Text(s.Size)
	spawn(e, "source", 0, func(ctx *actor.Context) {
		again := false
		switch ctx.Message().(type) {
		case actor.Started, turn:
			again = t.Turn(func(number int64) {
				ctx.Send(sink, &message.Plain{Tag: play.Tag, Number: number, Text: text})
			})
		case grant:
			again = t.Grant()
		}
		if again {
			ctx.Send(ctx.PID(), turn{})
		}
	})
	return nil
}
