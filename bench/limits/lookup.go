package main

import "github.com/aemp-go/aemp/bench/play"

// throughMap finds each receiver by its name and calls it.
func throughMap(s play.Spec) error {
	names, text := portNames(s.Pairs*s.Ports), play.Text(s.Size)
	meters := play.NewMeters(s.Pairs * s.Ports)
	receivers := map[string]func(note){}
	for k, name := range names {
		to := meters.Meter(k)
		receivers[name] = func(n note) { to.Take(n.number, n.text) }
	}
	if s.From != "handler" {
		return play.Flood(s, func(pair, port int, number int64) error {
			receivers[names[pair*s.Ports+port]](note{play.Tag, number, text})
			return nil
		})
	}
	sources := play.NewSources(s)
	for pair := range s.Pairs {
		from := sources.Source(pair)
		go func() {
			for {
				port, number, ok := from.Next()
				if !ok {
					return
				}
				receivers[names[pair*s.Ports+port]](note{play.Tag, number, text})
			}
		}()
	}
	return nil
}
