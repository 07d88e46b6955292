package global

import (
	"math"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// simOriginal is an original's base.
type simOriginal struct {
	l *simLife
	o *original
}

func newSimOriginal(l *simLife, seeds []netip.AddrPort) *simOriginal {
	b := &simOriginal{l, newOriginal(l.n, l.net.bound, seeds)}
	l.inside(func() { b.o.start([]string{l.addr.String()}) })
	return b
}

func (b *simOriginal) set(family, key, value string) error {
	b.l.inside(func() { b.o.set(family, key, []byte(value)) })
	return nil
}

// setNaN sets a number that JSON doesn't know. Keys with simNaN at their end have it.
func (b *simOriginal) setNaN(family, key string) {
	b.l.inside(func() { b.o.set(family, key, math.NaN()) })
}

// simNaN ends the keys that have a value which not every framing can carry.
const simNaN = ".nan"

func (b *simOriginal) remove(family string, keys ...string) error {
	b.l.inside(func() {
		for _, key := range keys {
			b.o.remove(family, key)
		}
	})
	return nil
}

func (b *simOriginal) watch(l *simLife, family string) *simWatch {
	v := l.p.WatchFamily("node", family, true)
	stop := b.o.watch(family, func(added, changed, deleted []string, now originalTable) {
		if l.closing {
			return
		}
		l.net.met.Shown++
		v.Shown(added, changed, deleted, now.readable())
	})
	return &simWatch{stop: func() { stop(); v.Stopped() }}
}

func (t originalTable) readable() map[string]string {
	all := map[string]string{}
	for key, raw := range t {
		all[key] = readable(originalValue(raw))
	}
	return all
}

// query has no deadline in the original: programs set one.
func (b *simOriginal) query(family string, _ QueryKind, patience time.Duration, done func(map[string]string, error)) {
	over := false
	timer := loop.After(b.o.loop, patience, func() {
		if !over {
			over = true
			done(nil, kernel.ErrTimeout)
		}
	})
	b.o.query(family, func(t originalTable) {
		if !over {
			over = true
			timer.Stop()
			done(t.readable(), nil)
		}
	})
}

func (b *simOriginal) promote() { b.o.promote() }

func (b *simOriginal) master() string {
	if b.global() {
		return ""
	}
	return b.o.master
}

func (b *simOriginal) global() bool { return b.o.hub != nil }

// ready isn't so for ever in the original, which after a second change of its master
// doesn't notice its end.
func (b *simOriginal) ready() bool { return b.global() || b.o.registered }

func (b *simOriginal) held() []simHolding {
	var all []simHolding
	for _, family := range sortedKeys(b.o.local) {
		for _, key := range sortedKeys(b.o.local[family]) {
			all = append(all, simHolding{family: family, key: key, value: readable(originalValue(b.o.local[family][key])), owner: b.o.id})
		}
	}
	return all
}

func (b *simOriginal) behind() bool {
	for node := range b.o.up {
		if b.o.n.Crowded(node) {
			return true
		}
	}
	return false
}

func (b *simOriginal) close() {}
