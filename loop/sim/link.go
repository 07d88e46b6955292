package sim

import "time"

// A Link is one direction of the way between two hosts, or inside one.
type Link struct {
	w        *World
	from, to *Host
	min, max time.Duration
	cut      bool
	held     []*event // what came while nothing passed
}

// Link is the way from one host to another.
func (w *World) Link(from, to *Host) *Link {
	key := [2]*Host{from, to}
	if l := w.links[key]; l != nil {
		return l
	}
	l := &Link{w: w, from: from, to: to, min: w.opt.MinLatency, max: w.opt.MaxLatency}
	if from == to {
		l.min, l.max = l.min/10, l.max/10
	}
	w.links[key] = l
	w.order = append(w.order, l)
	return l
}

// SetLatency says how long octets are on this link.
func (l *Link) SetLatency(min, max time.Duration) { l.min, l.max = min, max }

// Cut stops everything on this link, in one direction: what is on the way stays
// there until Heal.
func (l *Link) Cut() {
	if !l.cut {
		l.cut = true
		l.w.Stats.Partitions++
	}
}

// Heal lets what was held up go on, after a while: nobody notices at once that the
// way is free.
func (l *Link) Heal() {
	if l.cut {
		l.cut = false
		l.w.Stats.Heals++
		l.release()
	}
}

// Cut stops everything between two hosts in both directions. Connections between
// them live on, and dials are lost.
func (w *World) Cut(a, b *Host) {
	w.Link(a, b).Cut()
	w.Link(b, a).Cut()
}

// Heal ends a Cut.
func (w *World) Heal(a, b *Host) {
	w.Link(a, b).Heal()
	w.Link(b, a).Heal()
}

// Partition cuts every host of one side from every host of the other.
func (w *World) Partition(side, other []*Host) {
	for _, a := range side {
		for _, b := range other {
			w.Cut(a, b)
		}
	}
}

// HealAll ends all cuts.
func (w *World) HealAll() {
	for _, l := range w.order {
		l.Heal()
	}
}

// delay is how long the next thing takes on this link.
func (l *Link) delay() time.Duration {
	d := l.w.between(l.min, l.max)
	if l.w.oneIn(64) {
		d += l.max * 4 // a queue somewhere
	}
	return d
}

func (l *Link) broken() bool { return l.cut || l.from.down || l.to.down }

// passes says whether e, whose time has come, gets through. What doesn't is held
// until it does.
func (l *Link) passes(e *event) bool {
	if !l.broken() {
		return true
	}
	l.w.Stats.Held++
	if !e.held {
		e.held = true
		l.held = append(l.held, e)
	}
	return false
}

// retransmit is how long it takes at most until a freed way is noticed.
const retransmit = 200 * time.Millisecond

func (l *Link) release() {
	if l.broken() {
		return
	}
	for _, e := range l.held {
		e.held = false
		l.w.set(e, l.w.now+l.delay()+l.w.between(0, retransmit))
	}
	clear(l.held)
	l.held = l.held[:0]
}

// release lets go on what the chosen links hold.
func (w *World) release(chosen func(*Link) bool) {
	for _, l := range w.order {
		if chosen(l) {
			l.release()
		}
	}
}
