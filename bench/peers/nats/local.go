package main

import (
	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/turns"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/nats-io/nats.go"
)

func alone(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	if s.Kind != play.Local {
		return play.Skip("doesn't know %s", s.Kind)
	}
	n, err := serve(s)
	if err != nil {
		return err
	}
	far, err := connect(s, n.ClientURL(), "receiver")
	if err != nil {
		return err
	}
	if err := receive(s, []*nats.Conn{far}); err != nil {
		return err
	}
	if err := flush([]*nats.Conn{far}); err != nil {
		return err
	}
	near, err := connect(s, n.ClientURL(), "sender")
	if err != nil {
		return err
	}
	if s.From == "handler" {
		return fromHandler(s, near)
	}
	return flood(s, []*nats.Conn{near})
}

// fromHandler publishes from the callback of one subscription to two subjects: its
// messages to itself, and the grants.
func fromHandler(s play.Spec, c *nats.Conn) error {
	t, text, sink := turns.New(s), play.Text(s.Size), subject("sink", 0)
	var (
		b      []byte
		failed error
	)
	err := subscribe(c, "grant.*", func(m *nats.Msg) {
		again := false
		if m.Subject == "grant.0" {
			again = t.Grant()
		} else {
			again = t.Turn(func(number int64) {
				b = message.Append(b[:0], play.Tag, number, text)
				if err := c.Publish(sink, b); err != nil {
					failed = err
				}
			})
		}
		if again && failed == nil {
			failed = c.Publish("grant.turn", nil)
		}
		if failed != nil {
			play.Say(play.Line{Error: failed.Error()})
		}
	})
	if err != nil {
		return err
	}
	return c.Publish("grant.turn", nil)
}
