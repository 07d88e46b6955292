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
		sample := new(Sample)
		return func(_ *aemp.Context, m aemp.Message) {
			if m.Decode(sample) != nil {
				to.Damaged()
				return
			}
			to.TakeBytes(sample.Number, sample.Text)
		}
	}
	return func(_ *aemp.Context, m aemp.Message) {
		args := m.Args()
		number, text := args.Int(), args.TextBytes()
		if args.Err() != nil {
			to.Damaged()
			return
		}
		to.TakeBytes(number, text)
	}
}
