package main

import (
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// weighPeers measures what the process's memory has grown by when all peers are connected
// and have had time to say what new peers say.
func weighPeers(n *node, s play.Spec) error {
	before, err := play.Resident()
	if err != nil {
		return err
	}
	all := make(chan struct{})
	left := s.Peers
	cancel := n.WatchNodes(func(_ string, up bool) {
		if !up {
			return
		}
		if left--; left == 0 {
			close(all)
		}
	})
	go func() {
		<-all
		cancel()
		time.Sleep(s.Warm)
		after, err := play.Resident()
		if err != nil {
			play.Say(play.Line{Error: err.Error()})
			return
		}
		play.Say(play.Line{Result: &play.Result{Octets: (after - before) / int64(s.Peers)}})
	}()
	return nil
}
