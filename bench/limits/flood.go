package main

import "github.com/aemp-go/aemp/bench/play"

// sendFlood spreads the senders over the connections.
func sendFlood(n network, s play.Spec) error {
	conns, err := n.connect(make([]answerer, s.Links))
	if err != nil {
		return err
	}
	names, sources, text := portNames(s.Pairs*s.Ports), play.NewSources(s), play.Text(s.Size)
	floods := make([]flood, s.Links)
	for k := range floods {
		floods[k].text = text
	}
	for pair := range s.Pairs {
		f := &floods[pair%s.Links]
		f.senders = append(f.senders, floodSender{sources.Source(pair), names[pair*s.Ports:][:s.Ports]})
	}
	for k, c := range conns {
		c.flood(floods[k].fill)
	}
	return nil
}

// A flood is that of one connection, whose senders take turns.
type flood struct {
	senders []floodSender
	next    int
	text    string
}

type floodSender struct {
	source *play.Source
	names  []string // of its receivers
}

// fill appends a batch of messages.
func (f *flood) fill(b []byte) (nb []byte, more bool) {
	for len(b) < batch && len(f.senders) > 0 {
		if f.next >= len(f.senders) {
			f.next = 0
		}
		s := &f.senders[f.next]
		port, number, ok := s.source.Next()
		if !ok {
			f.senders = append(f.senders[:f.next], f.senders[f.next+1:]...)
			continue
		}
		b = appendFrame(b, s.names[port], number, f.text)
		f.next++
	}
	return b, len(f.senders) > 0
}
