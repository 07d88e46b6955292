package window

import (
	"testing"

	"github.com/aemp-go/aemp/bench/play"
)

var specs = []play.Spec{
	{Pairs: 1, Ports: 1, Size: 32},
	{Pairs: 8, Ports: 1, Size: 32},
	{Pairs: 1, Ports: 1000, Size: 32},
	{Pairs: 8, Ports: 125, Size: 32},
	{Pairs: 1, Ports: 1, Size: 64 << 10},
	{Pairs: 8, Ports: 1000, Size: 1 << 20},
}

// A receiver takes a message only when the sender can't send another: the worst that there is.
func TestSendersGoOnHoweverLateReceiversAre(t *testing.T) {
	for _, s := range specs {
		w, counts := New(s), make([]Count, s.Ports)
		for port := range counts {
			counts[port] = NewCount(s)
		}
		sent, taken := 0, 0
		for range 5 * All(s) {
			for w.left == 0 && len(w.grants) == 0 {
				if taken == sent {
					t.Fatalf("%+v: all %d messages are taken and no more may be sent", s, sent)
				}
				if counts[taken%s.Ports].Full() {
					w.Grant()
				}
				taken++
			}
			w.Take()
			sent++
			if sent-taken > All(s) {
				t.Fatalf("%+v: %d messages are under way, %d may be", s, sent-taken, All(s))
			}
		}
	}
}

func TestTheWindowIsBoundInMessagesAndOctets(t *testing.T) {
	for _, s := range specs[:5] {
		all := All(s) * s.Pairs
		if all > most || all*s.Size > octets {
			t.Errorf("%+v: %d messages, %d octets of text under way", s, all, all*s.Size)
		}
	}
}
