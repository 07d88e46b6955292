package main

import (
	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/bench/play"
)

// answerMessages sends back what comes to port k, to the sender's node k.
func answerMessages(n *node, s play.Spec) error {
	for k := range s.Links {
		port, err := n.NewNamedPort(portName(k))
		if err != nil {
			return err
		}
		back := target(senderName(k), 0)
		port.On(play.Tag, func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			number, text := args.Int(), args.Value()
			if args.Err() == nil {
				self.Send(back, play.Tag, number, text)
			}
		})
	}
	return nil
}

// sendMessages has each node send the next message when the last has come back.
func sendMessages(nodes []*node, s play.Spec) error {
	text := play.Text(s.Size)
	ports := make([]*aemp.Port, len(nodes))
	for k, n := range nodes {
		var err error
		if ports[k], err = n.NewNamedPort(portName(0)); err != nil {
			return err
		}
	}
	failed := make(chan error)
	laps := play.NewLaps(s)
	for k, n := range nodes {
		lane, to := laps.Lane(k), target("receiver", k)
		send := func(self *aemp.Context, slot int) {
			if err := self.Send(to, play.Tag, lane.Send(slot), text); err != nil {
				failed <- err
			}
		}
		ports[k].On("begin", func(self *aemp.Context, _ aemp.Message) {
			for slot := range s.Depth {
				send(self, slot)
			}
		})
		ports[k].On(play.Tag, func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			number := args.Int()
			if args.TextBytes(); args.Err() != nil {
				return // the trip never ends, and neither does the run
			}
			if slot, again := lane.Back(number); again {
				send(self, slot)
			}
		})
		if err := n.Send(ports[k].ID(), "begin"); err != nil {
			return err
		}
	}
	return <-failed
}

// sendPaced sends messages when they are due, from a goroutine.
func sendPaced(n *node, s play.Spec) error {
	port, err := n.NewNamedPort(portName(0))
	if err != nil {
		return err
	}
	to, text := target("receiver", 0), play.Text(s.Size)
	paced := play.NewPaced(s)
	port.On(play.Tag, func(_ *aemp.Context, m aemp.Message) {
		args := m.Args()
		number := args.Int()
		if args.TextBytes(); args.Err() == nil {
			paced.Back(number)
		}
	})
	return paced.Run(func(number int64) error { return n.Send(to, play.Tag, number, text) })
}
