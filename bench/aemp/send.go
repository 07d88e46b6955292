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

// sendFlood sends from goroutines, through one node for each link or, from many peers,
// through each of their nodes in turn.
func sendFlood(nodes []*node, to []string, s play.Spec) error {
	text := play.Text(s.Size)
	from := func(pair, port int) *node { return nodes[pair%len(nodes)] }
	if s.Kind == play.FanIn {
		from = func(pair, port int) *node { return nodes[pair*s.Ports+port] }
	}
	if s.Typed {
		samples := make([]*Sample, s.Pairs)
		for pair := range samples {
			samples[pair] = &Sample{Text: []byte(text)}
		}
		return play.Flood(s, func(pair, port int, number int64) error {
			sample := samples[pair]
			sample.Number = number
			return from(pair, port).SendTagged(to[pair*s.Ports+port], play.Tag, sample)
		})
	}
	return play.Flood(s, func(pair, port int, number int64) error {
		return from(pair, port).Send(to[pair*s.Ports+port], play.Tag, number, text)
	})
}
