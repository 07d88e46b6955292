package main

import "github.com/aemp-go/aemp/bench/play"

// A note is what goes through a channel, or to a function.
type note struct {
	tag    string
	number int64
	text   string
}

const (
	places = 1024 // of a channel
	turn   = 256  // messages that a handler sends before it lets others have their turn
)

// throughChannels gives each receiver a channel and, unless a handler sends, a goroutine.
func throughChannels(s play.Spec) error {
	meters := play.NewMeters(s.Pairs * s.Ports)
	channels := make([]chan note, s.Pairs*s.Ports)
	for k := range channels {
		channels[k] = make(chan note, places)
	}
	text := play.Text(s.Size)
	if s.From == "handler" {
		for pair, sources := 0, play.NewSources(s); pair < s.Pairs; pair++ {
			go throughOneGoroutine(sources.Source(pair), channels[pair*s.Ports], meters.Meter(pair*s.Ports), text)
		}
		return nil
	}
	for k, c := range channels {
		go take(c, meters.Meter(k))
	}
	return play.Flood(s, func(pair, port int, number int64) error {
		channels[pair*s.Ports+port] <- note{play.Tag, number, text}
		return nil
	})
}

func take(c <-chan note, to *play.Meter) {
	for n := range c {
		to.Take(n.number, n.text)
	}
}

// throughOneGoroutine uses a channel as the queue of a loop that sends to itself.
func throughOneGoroutine(from *play.Source, c chan note, to *play.Meter, text string) {
	for {
		for range turn {
			_, number, ok := from.Next()
			if !ok {
				break
			}
			c <- note{play.Tag, number, text}
		}
		if len(c) == 0 {
			return
		}
		for len(c) > 0 {
			n := <-c
			to.Take(n.number, n.text)
		}
	}
}
