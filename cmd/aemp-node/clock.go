package main

import (
	"time"

	"github.com/aemp-go/aemp"
)

var clockService = service{
	name:  "clock",
	serve: func(_ *options, p *aemp.Port) func() { newClock(p); return nil },
}

const clockUsage = "clock knows: time PORT, subscribe PORT [SECONDS], unsubscribe PORT"

const (
	// A tick every 10 ms is as much as a trial needs.
	leastTick = 0.01
	mostTick  = 86400.0

	// maxSubscribers bounds what strangers can have this node do every second.
	maxSubscribers = 1024
)

// clock belongs to its port.
type clock struct {
	subscribers map[string]*subscriber
}

func newClock(p *aemp.Port) *clock {
	c := &clock{subscribers: map[string]*subscriber{}}
	p.On("time", c.time)
	p.On("subscribe", c.subscribe)
	p.On("unsubscribe", c.unsubscribe)
	p.OnDefault(usage(clockUsage))
	return c
}

type subscriber struct {
	port  string
	every time.Duration
	timer *aemp.Timer
	death *aemp.Monitor
}

func (c *clock) time(self *aemp.Context, m aemp.Message) {
	args := m.Args()
	if to := args.Text(); args.Err() == nil {
		_ = self.Send(to, seconds(self.Now())) // it may well be no port
	}
}

func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

func (c *clock) subscribe(self *aemp.Context, m aemp.Message) {
	args := m.Args()
	port, every := args.Text(), 1.0
	if args.More() {
		every = args.Float()
	}
	c.drop(port)
	switch {
	case args.Err() != nil || !(every >= leastTick && every <= mostTick):
		_ = self.Send(port, clockUsage)
		return
	case len(c.subscribers) == maxSubscribers:
		_ = self.Send(port, "clock has as many subscribers as it can")
		return
	}
	s := &subscriber{port: port, every: time.Duration(every * float64(time.Second))}
	death, err := self.Monitor(port, func(*aemp.Context, aemp.Reason) { c.drop(port) })
	if err != nil {
		return // no port
	}
	s.death = death
	c.subscribers[port] = s
	s.tick(self)
}

func (c *clock) unsubscribe(_ *aemp.Context, m aemp.Message) {
	args := m.Args()
	c.drop(args.Text())
}

func (c *clock) drop(port string) {
	s := c.subscribers[port]
	if s == nil {
		return
	}
	delete(c.subscribers, port)
	s.timer.Stop()
	s.death.Cancel()
}

// tick tells the time, and sees to the next tick. One for which there is no room is left out.
func (s *subscriber) tick(self *aemp.Context) {
	_ = self.Send(s.port, "tick", seconds(self.Now()))
	s.timer = self.After(s.every, s.tick)
}
