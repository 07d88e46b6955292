package main

import (
	"fmt"
	"time"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/nats-io/nats.go"
)

func sender(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	links, err := each(max(s.Links, s.Peers), "sender", func(name string) (*nats.Conn, error) { return connect(s, s.Address, name) })
	if err != nil {
		return err
	}
	switch {
	case s.Kind == play.OneWay, s.Kind == play.FanIn:
		return flood(s, links)
	case s.Kind == play.Start:
		return links[0].Publish(subject("sink", 0), message.Append(nil, play.Tag, play.Begin, play.Text(s.Size)))
	case s.Kind == play.Call:
		return call(s, links[0])
	case s.Kind == play.PingPong && s.Rate > 0:
		return paced(s, links[0])
	case s.Kind == play.PingPong:
		return pingpong(s, links)
	case s.Kind == play.Idle:
		return idle(links)
	}
	return play.Skip("doesn't know %s", s.Kind)
}

// flood publishes from goroutines: to each receiver over a client of its own if there are that
// many, or else those of pair k over link k modulo their number.
func flood(s play.Spec, links []*nats.Conn) error {
	windows := window.Each(s)
	for pair := range s.Pairs {
		if err := subscribe(links[pair%len(links)], subject("grant", pair), func(*nats.Msg) { windows[pair].Grant() }); err != nil {
			return err
		}
	}
	if err := flush(links); err != nil {
		return err
	}
	sinks, text := subjects("sink", s.Pairs*s.Ports), play.Text(s.Size)
	buffers := make([][]byte, s.Pairs)
	return play.Flood(s, func(pair, port int, number int64) error {
		windows[pair].Take()
		k := pair*s.Ports + port
		link := pair
		if s.Peers > 0 {
			link = k
		}
		buffers[pair] = message.Append(buffers[pair][:0], play.Tag, number, text)
		return links[link%len(links)].Publish(sinks[k], buffers[pair])
	})
}

// pingpong has a subscriber for each link, which sends the next when one is back.
func pingpong(s play.Spec, links []*nats.Conn) error {
	laps, text := play.NewLaps(s), play.Text(s.Size)
	for k, c := range links {
		lane, far, near := laps.Lane(k), subject("echo", k), subject("lane", k)
		var b []byte
		next := func(slot int) error {
			b = message.Append(b[:0], play.Tag, lane.Send(slot), text)
			return c.PublishRequest(far, near, b)
		}
		begun := make(chan struct{})
		err := subscribe(c, near, func(m *nats.Msg) {
			<-begun
			_, number, _, err := message.Read(m.Data)
			if slot, again := lane.Back(number); err == nil && again {
				err = next(slot)
			}
			if err != nil {
				play.Say(play.Line{Error: err.Error()})
			}
		})
		if err != nil {
			return err
		}
		for slot := range s.Depth {
			if err := next(slot); err != nil {
				return err
			}
		}
		close(begun)
	}
	return nil
}

// paced publishes from a goroutine, and has a subscriber for what comes back.
func paced(s play.Spec, c *nats.Conn) error {
	var p *play.Paced
	err := subscribe(c, "lane", func(m *nats.Msg) {
		_, number, _, err := message.Read(m.Data)
		if err != nil {
			play.Say(play.Line{Error: err.Error()})
			return
		}
		p.Back(number)
	})
	if err != nil {
		return err
	}
	if err := flush([]*nats.Conn{c}); err != nil {
		return err
	}
	text, far, b := play.Text(s.Size), subject("echo", 0), []byte(nil)
	p = play.NewPaced(s)
	return p.Run(func(number int64) error {
		b = message.Append(b[:0], play.Tag, number, text)
		return c.PublishRequest(far, "lane", b)
	})
}

// call asks from a goroutine and waits for the answer.
func call(s play.Spec, c *nats.Conn) error {
	laps := play.NewLaps(s)
	lane, text, far, b := laps.Lane(0), play.Text(s.Size), subject("echo", 0), []byte(nil)
	for again := true; again; {
		b = message.Append(b[:0], play.Tag, lane.Send(0), text)
		m, err := c.Request(far, b, 10*time.Second)
		if err != nil {
			return fmt.Errorf("request: %w", err)
		}
		_, number, _, err := message.Read(m.Data)
		if err != nil {
			return fmt.Errorf("request: %w", err)
		}
		_, again = lane.Back(number)
	}
	return nil
}

// idle has each peer subscribe to what is for it, and says when all have.
func idle(links []*nats.Conn) error {
	for k, c := range links {
		if err := subscribe(c, subject("peer", k), func(*nats.Msg) {}); err != nil {
			return err
		}
	}
	if err := flush(links); err != nil {
		return err
	}
	return links[0].Publish("connected", nil)
}
