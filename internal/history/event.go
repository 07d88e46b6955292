package history

import (
	"fmt"
	"time"
)

type kind uint8

const (
	noted kind = iota
	started
	crashed
	portMade
	portDied
	accepted
	delivered
	watched
	fired
	cancelled
	nodeUp
	nodeDown
	linkFailing
	linkIdle
	begun
	ended
	spawnAsked
	spawnRan
	killAsked
	leftOver
	stored
	removed
	familyWatched
	familyShown
	familyStopped
)

// event is one line of the history. Names are numbers, so that a long history
// takes little room.
type event struct {
	at    time.Duration
	kind  kind
	flag  bool
	who   int32
	what  int32
	n     uint64
	epoch uint64
}

// Local is the epoch of what stays on its node.
const Local = 1<<64 - 1

func (h *History) number(name string) int32 {
	n, ok := h.numbers[name]
	if !ok {
		n = int32(len(h.names))
		h.names = append(h.names, name)
		h.numbers[name] = n
		for i := range len(name) {
			h.mix(uint64(name[i]))
		}
	}
	return n
}

func (h *History) mix(x uint64) { h.hash = (h.hash ^ x) * 1099511628211 }

// write appends an event and returns its index.
func (h *History) write(k kind, who, what string, n, epoch uint64, flag bool) int {
	e := event{h.now(), k, flag, h.number(who), h.number(what), n, epoch}
	h.events = append(h.events, e)
	h.mix(uint64(e.at))
	h.mix(uint64(k) | uint64(e.who)<<8 | uint64(e.what)<<32)
	h.mix(n)
	h.mix(epoch)
	if flag {
		h.mix(1)
	}
	return len(h.events) - 1
}

func stamp(at time.Duration) string { return fmt.Sprintf("%13.9f", at.Seconds()) }

func (h *History) describe(e event) string {
	who, what := h.names[e.who], h.names[e.what]
	text := ""
	switch e.kind {
	case noted:
		text = "-- " + what
	case started:
		text = who + " starts"
	case crashed:
		text = who + " crashes"
	case portMade:
		text = fmt.Sprintf("%s makes port %s", who, what)
	case portDied:
		text = fmt.Sprintf("%s: port %s dies", who, what)
	case accepted:
		text = fmt.Sprintf("%s → %s #%d accepted in %s", who, what, e.n, inEpoch(e.epoch))
		if e.flag {
			text += ", dropped"
		}
	case delivered:
		text = fmt.Sprintf("%s → %s #%d delivered", who, what, e.n)
	case watched:
		text = fmt.Sprintf("%s monitors %s (monitor %d)", who, what, e.n)
	case fired:
		text = fmt.Sprintf("%s: monitor %d of %s fires", who, e.n, what)
		if e.flag {
			text += ", transport_error"
		}
	case cancelled:
		text = fmt.Sprintf("%s cancels monitor %d of %s", who, e.n, what)
	case nodeUp:
		text = fmt.Sprintf("%s: node %s is up", who, what)
	case nodeDown:
		text = fmt.Sprintf("%s: node %s is down", who, what)
	case linkFailing:
		text = fmt.Sprintf("%s: link or attempt with %s fails", who, what)
	case linkIdle:
		text = fmt.Sprintf("%s: loss of %s is dealt with", who, what)
	case begun:
		text = fmt.Sprintf("%s begins %s %d", who, what, e.n)
	case ended:
		text = fmt.Sprintf("%s ends %s %d", who, what, e.n)
	case spawnAsked:
		text = fmt.Sprintf("%s spawns %s, in %s", who, what, inEpoch(e.epoch))
		if e.flag {
			text += ", dropped"
		}
	case spawnRan:
		text = fmt.Sprintf("%s runs the function of spawned %s", who, what)
	case killAsked:
		text = fmt.Sprintf("%s kills %s, in %s", who, what, inEpoch(e.epoch))
		if e.flag {
			text += ", dropped"
		}
	case leftOver:
		text = fmt.Sprintf("%s: %d left of %s", who, e.n, what)
	case stored:
		text = fmt.Sprintf("%s sets %s to %s", who, what, short(h.names[e.n]))
	case removed:
		text = fmt.Sprintf("%s deletes %s", who, what)
	case familyWatched:
		text = fmt.Sprintf("%s watches family %s (view %d)", who, what, e.n)
	case familyShown:
		text = fmt.Sprintf("%s: view %d of %s has %d keys", who, e.n, what, e.epoch)
	case familyStopped:
		text = fmt.Sprintf("%s stops view %d of %s", who, e.n, what)
	}
	return stamp(e.at) + " " + text
}

func inEpoch(epoch uint64) string {
	if epoch == Local {
		return "the node"
	}
	return fmt.Sprintf("epoch %d", epoch)
}
