package main

import (
	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/bench/play"
)

// turnMessages is how many messages a handler sends before it lets others have their turn:
// about as many as fit into a core's nearest cache with what they leave behind.
const turnMessages = 256

// floodFromHandlers has each pair as two ports of the same loop.
func floodFromHandlers(n *node, s play.Spec) error {
	sources, meters, text := play.NewSources(s), play.NewMeters(s.Pairs*s.Ports), play.Text(s.Size)
	failed := make(chan error)
	for pair := range s.Pairs {
		from, err := n.NewPort()
		if err != nil {
			return err
		}
		f := &flooder{source: sources.Source(pair), text: text, id: from.ID(), failed: failed}
		from.On("begin", func(self *aemp.Context, _ aemp.Message) {
			for port := range s.Ports {
				to, err := self.NewPort()
				if err != nil {
					failed <- err
					return
				}
				self.Handle(to, play.Tag, metering(meters.Meter(pair*s.Ports+port), false))
				f.to = append(f.to, to.ID())
			}
			f.turn(self)
		})
		from.On("turn", func(self *aemp.Context, _ aemp.Message) { f.turn(self) })
		if err := n.Send(from.ID(), "begin"); err != nil {
			return err
		}
	}
	return <-failed
}

// A flooder is a handler that sends.
type flooder struct {
	source *play.Source
	to     []string
	text   string
	id     string
	failed chan<- error
}

// turn sends some messages, and has the next turn by a message to itself.
func (f *flooder) turn(self *aemp.Context) {
	for range turnMessages {
		port, number, ok := f.source.Next()
		if !ok {
			return
		}
		if err := self.Send(f.to[port], play.Tag, number, f.text); err != nil {
			f.failed <- err
			return
		}
	}
	if err := self.Send(f.id, "turn"); err != nil {
		f.failed <- err
	}
}
