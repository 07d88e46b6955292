package main

import (
	"github.com/aemp-go/aemp/bench/play"
)

// batch is how many octets are written at once, if there are as many.
const batch = 64 << 10

// A network carries octets between two processes.
type network interface {
	// listen calls open for each connection, and returns the address for the sender.
	listen(open func() answerer) (address string, err error)
	// connect makes a connection for each that answers.
	connect(answer []answerer) ([]connection, error)
}

// An answerer gets what arrives on a connection, and appends its answers to out.
type answerer func(p, out []byte) []byte

// A connection is of a sender. One of the first two is called, once.
type connection interface {
	// flood writes what fill appends, until there is no more.
	flood(fill func(b []byte) (nb []byte, more bool))
	// begin writes what f appends, before anything that arrives is answered.
	begin(f func(out []byte) []byte)
	// send writes, from a goroutine, without waiting for the network.
	send(p []byte)
}

// answering is what a receiver does on each of its connections.
func answering(s play.Spec) func() answerer {
	names := portNames(max(s.Links, s.Pairs*s.Ports))
	if s.Kind == play.PingPong {
		text := play.Text(s.Size)
		return func() answerer { return echo(names, text) }
	}
	meters := play.NewMeters(s.Pairs * s.Ports)
	return func() answerer { return metering(meters) }
}

func metering(to *play.Meters) answerer {
	c := &cutter{}
	take := func(body []byte) {
		m, ok := read(body)
		if !ok {
			to.Meter(0).Damaged()
			return
		}
		to.Meter(m.port).TakeBytes(m.number, m.text)
	}
	return func(p, out []byte) []byte {
		c.cut(p, take)
		return out
	}
}

// echo sends each message back.
func echo(names []string, text string) answerer {
	e := &echoer{names: names, text: text}
	take := e.take
	return func(p, out []byte) []byte {
		e.out = out
		e.cut(p, take)
		return e.out
	}
}

type echoer struct {
	cutter
	names []string
	text  string
	out   []byte
}

func (e *echoer) take(body []byte) {
	if m, ok := read(body); ok {
		e.out = appendFrame(e.out, e.names[m.port], m.number, e.text)
	}
}
