package main

import (
	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/bench/play"
)

// receiveFlood makes the ports of a flood's receiver.
func receiveFlood(n *node, s play.Spec) error {
	meters := play.NewMeters(s.Pairs * s.Ports)
	for k := range s.Pairs * s.Ports {
		port, err := n.NewNamedPort(portName(k))
		if err != nil {
			return err
		}
		port.On(play.Tag, metering(meters.Meter(k), s.Typed))
	}
	return nil
}

// metering is a handler that reads all of its messages.
func metering(to *play.Meter, typed bool) aemp.Handler {
	if typed {
		return (&samples{to: to}).read
	}
	return (*arguments)(to).read
}

// samples reads messages of a generated type.
type samples struct {
	to     *play.Meter
	sample Sample
}

func (r *samples) read(_ *aemp.Context, m aemp.Message) {
	if m.Decode(&r.sample) != nil {
		r.to.Damaged()
		return
	}
	r.to.TakeBytes(r.sample.Number, r.sample.Text)
}

// arguments reads messages by accessors.
type arguments play.Meter

func (r *arguments) read(_ *aemp.Context, m aemp.Message) {
	args := m.Args()
	number, text := args.Int(), args.TextBytes()
	if args.Err() != nil {
		(*play.Meter)(r).Damaged()
		return
	}
	(*play.Meter)(r).TakeBytes(number, text)
}
