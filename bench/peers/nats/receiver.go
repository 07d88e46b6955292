package main

import (
	"time"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/nats-io/nats.go"
)

func receiver(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	n, err := serve(s)
	if err != nil {
		return err
	}
	links, err := each(s.Links, "receiver", func(name string) (*nats.Conn, error) {
		if s.Kind == play.PingPong || s.Kind == play.Call {
			return within(n, name)
		}
		return connect(s, n.ClientURL(), name)
	})
	if err != nil {
		return err
	}
	switch s.Kind {
	case play.OneWay, play.FanIn, play.Start:
		err = receive(s, links)
	case play.PingPong, play.Call:
		err = echo(s, links)
	case play.Idle:
		err = weigh(s, links[0])
	default:
		err = play.Skip("doesn't know %s", s.Kind)
	}
	if err != nil {
		return err
	}
	if err := flush(links); err != nil {
		return err
	}
	play.Say(play.Line{Ready: n.ClientURL()})
	return nil
}

// receive subscribes for each receiver; those of pair k use link k modulo their number.
func receive(s play.Spec, links []*nats.Conn) error {
	meters := play.NewMeters(s.Pairs * s.Ports)
	for k := range s.Pairs * s.Ports {
		pair := k / s.Ports
		c := links[pair%len(links)]
		count, grants := window.NewCount(s), subject("grant", pair)
		meter := meters.Meter(k)
		err := subscribe(c, subject("sink", k), func(m *nats.Msg) {
			take(meter, m)
			if count.Full() {
				c.Publish(grants, nil)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take reads a message.
func take(meter *play.Meter, m *nats.Msg) {
	tag, number, text, err := message.Read(m.Data)
	if err != nil || string(tag) != play.Tag {
		meter.Damaged()
		return
	}
	meter.TakeBytes(number, text)
}

// echo answers each message to where it wants it.
func echo(s play.Spec, links []*nats.Conn) error {
	for k, c := range links {
		var b []byte
		err := subscribe(c, subject("echo", k), func(m *nats.Msg) {
			tag, number, text, err := message.Read(m.Data)
			if err != nil {
				play.Say(play.Line{Error: err.Error()})
				return
			}
			b = message.Append(b[:0], string(tag), number, string(text))
			c.Publish(m.Reply, b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// weigh measures what the process's memory has grown by when all peers are connected.
func weigh(s play.Spec, c *nats.Conn) error {
	before, err := play.Resident()
	if err != nil {
		return err
	}
	return subscribe(c, "connected", func(*nats.Msg) {
		time.Sleep(s.Warm)
		after, err := play.Resident()
		if err != nil {
			play.Say(play.Line{Error: err.Error()})
			return
		}
		play.Say(play.Line{Result: &play.Result{Octets: (after - before) / int64(s.Peers)}})
	})
}
