package main

import (
	"context"
	"fmt"

	"github.com/aemp-go/aemp/bench/peers/message"
	"github.com/aemp-go/aemp/bench/play"
	"google.golang.org/grpc"
)

func sender(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	links, err := connect(s, max(s.Links, s.Peers))
	if err != nil {
		return err
	}
	if s.Kind == play.Call {
		return call(s, links[0])
	}
	streams, err := openAll(s, links)
	if err != nil {
		return err
	}
	switch {
	case s.Kind == play.OneWay, s.Kind == play.FanIn:
		return flood(s, streams)
	case s.Kind == play.Start:
		return streams[0].SendMsg(&message.Plain{Tag: play.Tag, Number: play.Begin, Text: play.Text(s.Size)})
	case s.Kind == play.PingPong && s.Rate > 0:
		return paced(s, streams[0])
	case s.Kind == play.PingPong:
		return pingpong(s, streams)
	case s.Kind == play.Idle:
		return nil
	}
	return play.Skip("doesn't know %s", s.Kind)
}

// openAll opens the streams: one to each receiver, or from each peer, or on each link.
func openAll(s play.Spec, links []*grpc.ClientConn) ([]grpc.ClientStream, error) {
	many := s.Pairs * s.Ports
	link := func(k int) int { return k / s.Ports % len(links) }
	if s.Kind == play.PingPong || s.Peers > 0 {
		many = len(links)
		link = func(k int) int { return k }
	}
	all := make([]grpc.ClientStream, many)
	for k := range all {
		to, err := open(links[link(k)], k)
		if err != nil {
			return nil, err
		}
		all[k] = to
	}
	return all, nil
}

// flood sends from goroutines.
func flood(s play.Spec, streams []grpc.ClientStream) error {
	messages := make([]message.Plain, s.Pairs)
	for pair := range messages {
		messages[pair] = message.Plain{Tag: play.Tag, Text: play.Text(s.Size)}
	}
	return play.Flood(s, func(pair, port int, number int64) error {
		m := &messages[pair] // it has been encoded when SendMsg returns
		m.Number = number
		return streams[pair*s.Ports+port].SendMsg(m)
	})
}

// pingpong has a goroutine for each link, which sends the next when one is back.
func pingpong(s play.Spec, streams []grpc.ClientStream) error {
	laps, failed := play.NewLaps(s), make(chan error)
	for k, to := range streams {
		go func() { failed <- rally(s, laps.Lane(k), to) }()
	}
	for range streams {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

func rally(s play.Spec, lane *play.Lane, to grpc.ClientStream) error {
	m, l := message.Plain{Tag: play.Tag, Text: play.Text(s.Size)}, new(letter)
	next := func(slot int) error {
		m.Number = lane.Send(slot)
		return to.SendMsg(&m)
	}
	for slot := range s.Depth {
		if err := next(slot); err != nil {
			return err
		}
	}
	for left := s.Depth; left > 0; {
		if err := to.RecvMsg(l); err != nil {
			return err
		}
		slot, again := lane.Back(l.number)
		if !again {
			left--
		} else if err := next(slot); err != nil {
			return err
		}
	}
	return nil
}

// paced sends from one goroutine, and reads what comes back on another.
func paced(s play.Spec, to grpc.ClientStream) error {
	p, m := play.NewPaced(s), message.Plain{Tag: play.Tag, Text: play.Text(s.Size)}
	go func() {
		for l := new(letter); ; {
			if err := to.RecvMsg(l); err != nil {
				play.Say(play.Line{Error: fmt.Sprintf("receive: %v", err)})
				return
			}
			p.Back(l.number)
		}
	}()
	return p.Run(func(number int64) error {
		m.Number = number
		return to.SendMsg(&m)
	})
}

// call asks from a goroutine and waits for the answer.
func call(s play.Spec, c *grpc.ClientConn) error {
	lane := play.NewLaps(s).Lane(0)
	m, l := message.Plain{Tag: play.Tag, Text: play.Text(s.Size)}, new(letter)
	for again := true; again; {
		m.Number = lane.Send(0)
		if err := c.Invoke(context.Background(), "/"+service+"/"+ask, &m, l, grpc.StaticMethod()); err != nil {
			return fmt.Errorf("call: %w", err)
		}
		_, again = lane.Back(l.number)
	}
	return nil
}
