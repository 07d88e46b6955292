package main

import (
	"fmt"
	"time"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/asynkron/protoactor-go/actor"
)

func sender(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	links := make([]*actor.ActorSystem, s.Links)
	for k := range links {
		system, err := newRemote(s)
		if err != nil {
			return err
		}
		links[k] = system
	}
	switch {
	case s.Kind == play.OneWay:
		return flood(s, links)
	case s.Kind == play.Start:
		return start(s, links[0])
	case s.Kind == play.Call:
		return call(s, links[0])
	case s.Kind == play.PingPong && s.Rate > 0:
		return paced(s, links[0])
	case s.Kind == play.PingPong:
		return pingpong(s, links)
	}
	return play.Skip("doesn't know %s", s.Kind)
}

// flood sends from goroutines; pair k uses link k modulo their number.
func flood(s play.Spec, links []*actor.ActorSystem) error {
	windows := window.Each(s)
	sinks := make([]*actor.PID, s.Pairs*s.Ports)
	for pair := range s.Pairs {
		system := links[pair%len(links)]
		from, err := spawn(system, "granted", pair, func(ctx actor.Context) {
			if _, ok := ctx.Message().(*message.Grant); ok {
				windows[pair].Grant()
			}
		})
		if err != nil {
			return err
		}
		for port := range s.Ports {
			k := pair*s.Ports + port
			sinks[k] = at(s.Address, "sink", k)
			system.Root.RequestWithCustomSender(sinks[k], &message.Hello{}, from)
		}
	}
	text := play.Text(s.Size)
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		links[pair%len(links)].Root.Send(sinks[pair*s.Ports+port], &message.Message{Tag: play.Tag, Number: number, Text: text})
		return nil
	})
}

// start sends the one message.
func start(s play.Spec, system *actor.ActorSystem) error {
	system.Root.Send(at(s.Address, "sink", 0), &message.Message{Tag: play.Tag, Number: play.Begin, Text: play.Text(s.Size)})
	return nil
}

// pingpong has an actor for each link, which sends the next when one is back.
func pingpong(s play.Spec, links []*actor.ActorSystem) error {
	laps := play.NewLaps(s)
	text := play.Text(s.Size)
	for k, system := range links {
		lane, far := laps.Lane(k), at(s.Address, "echo", k)
		_, err := spawn(system, "lane", k, func(ctx actor.Context) {
			switch msg := ctx.Message().(type) {
			case *actor.Started:
				for slot := range s.Depth {
					ctx.Request(far, &message.Message{Tag: play.Tag, Number: lane.Send(slot), Text: text})
				}
			case *message.Message:
				if slot, again := lane.Back(msg.Number); again {
					ctx.Request(far, &message.Message{Tag: play.Tag, Number: lane.Send(slot), Text: text})
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// paced sends from a goroutine in the name of the actor that takes the replies.
func paced(s play.Spec, system *actor.ActorSystem) error {
	text := play.Text(s.Size)
	far := at(s.Address, "echo", 0)
	var p *play.Paced
	near, err := spawn(system, "lane", 0, func(ctx actor.Context) {
		if msg, ok := ctx.Message().(*message.Message); ok {
			p.Back(msg.Number)
		}
	})
	if err != nil {
		return err
	}
	p = play.NewPaced(s)
	return p.Run(func(number int64) error {
		system.Root.RequestWithCustomSender(far, &message.Message{Tag: play.Tag, Number: number, Text: text}, near)
		return nil
	})
}

// call asks from a goroutine and waits for the answer.
func call(s play.Spec, system *actor.ActorSystem) error {
	laps := play.NewLaps(s)
	lane, text, far := laps.Lane(0), play.Text(s.Size), at(s.Address, "echo", 0)
	for again := true; again; {
		answer, err := system.Root.RequestFuture(far, &message.Message{Tag: play.Tag, Number: lane.Send(0), Text: text}, 10*time.Second).Result()
		if err != nil {
			return fmt.Errorf("request: %w", err)
		}
		msg, ok := answer.(*message.Message)
		if !ok {
			return fmt.Errorf("request: answered by %T", answer)
		}
		_, again = lane.Back(msg.Number)
	}
	return nil
}
