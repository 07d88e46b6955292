package main

import "github.com/aemp-go/aemp/bench/play"

// targets are the IDs of all ports of a flood's receiver.
func targets(node string, s play.Spec) []string {
	ids := make([]string, s.Pairs*s.Ports)
	for k := range ids {
		ids[k] = target(node, k)
	}
	return ids
}

// A way is from a sender to one of its receivers.
type way struct {
	from   *node
	to     string
	sample *Sample // what goes there, if that is of a generated type
}

// ways spread the senders over the nodes, which have a link each. Peers have each a
// receiver of its own.
func ways(nodes []*node, to []string, s play.Spec) []way {
	all := make([]way, len(to))
	for k, id := range to {
		from := nodes[k/s.Ports%len(nodes)]
		if s.Kind == play.FanIn {
			from = nodes[k]
		}
		all[k] = way{from: from, to: id}
		if s.Typed {
			all[k].sample = &Sample{Text: []byte(play.Text(s.Size))}
		}
	}
	return all
}

// sendFlood sends from goroutines.
func sendFlood(nodes []*node, to []string, s play.Spec) error {
	all, text := ways(nodes, to, s), play.Text(s.Size)
	if !s.Typed {
		return play.Flood(s, func(pair, port int, number int64) error {
			w := &all[pair*s.Ports+port]
			return w.from.Send(w.to, play.Tag, number, text)
		})
	}
	return play.Flood(s, func(pair, port int, number int64) error {
		w := &all[pair*s.Ports+port]
		w.sample.Number = number
		return w.from.SendTagged(w.to, play.Tag, w.sample)
	})
}
