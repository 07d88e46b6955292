package main

import "github.com/aemp-go/aemp/bench/play"

// sendTrips has some messages under way on each connection, and sends the next when one
// has come back.
func sendTrips(n network, s play.Spec) error {
	names, text := portNames(s.Links), play.Text(s.Size)
	trips := make([]*tripper, s.Links)
	answers := make([]answerer, s.Links)
	for k := range trips {
		t := &tripper{name: names[k], text: text}
		take := t.take
		trips[k] = t
		answers[k] = func(p, out []byte) []byte {
			t.out = out
			t.cut(p, take)
			return t.out
		}
	}
	conns, err := n.connect(answers)
	if err != nil {
		return err
	}
	laps := play.NewLaps(s)
	for k, t := range trips {
		t.lane = laps.Lane(k)
	}
	for k, c := range conns {
		t := trips[k]
		c.begin(func(out []byte) []byte {
			for slot := range s.Depth {
				out = appendFrame(out, t.name, t.lane.Send(slot), t.text)
			}
			return out
		})
	}
	return nil
}

// A tripper times the messages of one connection.
type tripper struct {
	cutter
	lane *play.Lane
	name string
	text string
	out  []byte
}

func (t *tripper) take(body []byte) {
	m, ok := read(body)
	if !ok {
		return // the trip never ends, and neither does the run
	}
	if slot, again := t.lane.Back(m.number); again {
		t.out = appendFrame(t.out, t.name, t.lane.Send(slot), t.text)
	}
}

// sendPaced sends messages when they are due, from a goroutine.
func sendPaced(n network, s play.Spec) error {
	var paced *play.Paced
	c := &cutter{}
	take := func(body []byte) {
		if m, ok := read(body); ok {
			paced.Back(m.number)
		}
	}
	conns, err := n.connect([]answerer{func(p, out []byte) []byte {
		c.cut(p, take)
		return out
	}})
	if err != nil {
		return err
	}
	paced = play.NewPaced(s)
	conns[0].begin(func(out []byte) []byte { return out })
	name, text := portNames(1)[0], play.Text(s.Size)
	var b []byte
	return paced.Run(func(number int64) error {
		b = appendFrame(b[:0], name, number, text)
		conns[0].send(b)
		return nil
	})
}
