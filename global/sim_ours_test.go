package global

import (
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/seeds"
)

// simOurs is the base of a node of ours: a DB and what finds the network for it.
type simOurs struct {
	l      *simLife
	db     *DB
	keeper *seeds.Keeper
	views  int
}

// simNetwork is the kernel as the keeper wants it.
type simNetwork struct{ *kernel.Node }

func (n simNetwork) WatchNodes(changed func(string, bool)) { n.Node.WatchNodes(changed) }

func (n simNetwork) DialSeed(addr netip.AddrPort, done func(string, error)) func() {
	return n.Node.DialSeed(addr, func(node string, err error) {
		if err == kernel.ErrSelf {
			err = seeds.ErrSelf
		}
		done(node, err)
	})
}

func newSimOurs(l *simLife, addrs []netip.AddrPort) *simOurs {
	var list []string
	for _, addr := range addrs {
		list = append(list, addr.String())
	}
	parsed, err := seeds.Parse(list)
	if err != nil {
		panic(err)
	}
	b := &simOurs{l: l}
	b.db = New(l.n, Options{Global: l.simNodePlan.global})
	b.keeper = seeds.NewKeeper(simNetwork{l.n}, seeds.Options{
		Seeds: parsed, MonitorTimeout: l.net.bound, Observer: b.db, Logger: l.n.Logger(),
	})
	b.db.Announce([]netip.AddrPort{l.addr})
	kept := seeds.NewKeepSet(simNetwork{l.n}, l.net.bound)
	b.db.KeepWith(kept)
	l.inside(func() {
		kept.Start()
		b.keeper.Start()
	})
	return b
}

func (b *simOurs) set(family, key, value string) error { return b.db.Set(family, key, value) }

func (b *simOurs) remove(family string, keys ...string) error { return b.db.Delete(family, keys...) }

// watch watches in the node's own context.
func (b *simOurs) watch(l *simLife, family string) *simWatch {
	f, stopped := b.shown("node", family)
	w, err := b.db.Watch(family, f)
	if err != nil {
		panic(err)
	}
	return &simWatch{stop: func() { w.Stop(); stopped() }}
}

// watchIn watches in a port's context, sometimes for a while only.
func (b *simOurs) watchIn(self *kernel.Context, p *simPort, family string) {
	f, stopped := b.shown(p.name, family)
	w, err := b.db.WatchIn(self, family, f)
	if err != nil {
		panic(err)
	}
	if b.l.net.oneIn(2) {
		self.After(b.l.net.exp(3*time.Second), func(*kernel.Context) {
			w.Stop()
			stopped()
		})
	}
}

// shown is a watcher.
func (b *simOurs) shown(local, family string) (f func(*kernel.Context, Change), stopped func()) {
	v := b.l.p.WatchFamily(local, family, false)
	return func(_ *kernel.Context, c Change) {
		if b.l.closing {
			return
		}
		now := map[string]string{}
		for key, value := range c.View.All() {
			now[key] = readable(value)
		}
		if c.View.Len() != len(now) || !slices.Equal(c.View.Keys(), sortedKeys(now)) {
			b.l.p.Left("keys of a view that it doesn't list", 1)
		}
		b.l.net.met.Shown++
		v.Shown(c.Added, c.Changed, c.Deleted, now)
	}, v.Stopped
}

// query is what Family, Keys and Values are for goroutines, with their deadline.
func (b *simOurs) query(family string, kind QueryKind, patience time.Duration, done func(map[string]string, error)) {
	over := false
	var cancel func()
	timer := loop.After(b.l.n.Loop(), patience, func() {
		over = true
		cancel()
		done(nil, kernel.ErrTimeout)
	})
	cancel, err := b.db.StartQuery(kind, family, func(v codec.Value, err error) {
		if over {
			b.l.p.Left("answers to a query that is over", 1)
			return
		}
		over = true
		timer.Stop()
		done(asked(kind, v), err)
	})
	if err != nil {
		panic(err)
	}
}

// asked is an answer in the form of a family; what isn't asked for is empty.
func asked(kind QueryKind, v codec.Value) map[string]string {
	all := map[string]string{}
	if kind == QueryFamily {
		if pairs, err := v.Map(); err == nil {
			for pairs.Next() {
				all[pairs.Key()] = readable(pairs.Value())
			}
		}
		return all
	}
	if list, err := v.List(); err == nil {
		for list.More() {
			all[readable(list.Value())] = ""
		}
	}
	return all
}

func (b *simOurs) promote()       { b.db.BecomeGlobal() }
func (b *simOurs) master() string { return b.db.Master() }
func (b *simOurs) global() bool   { return b.db.IsGlobal() }
func (b *simOurs) ready() bool    { return b.global() || b.master() != "" }

// held is what is in Local.
func (b *simOurs) held() []simHolding {
	var all []simHolding
	l := b.db.local
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, family := range sortedKeys(l.families) {
		for _, key := range sortedKeys(l.families[family].entries) {
			if e := l.families[family].entries[key]; e.value != nil {
				all = append(all, simHolding{family: family, key: key, value: readable(value(e.value)), stamp: e.stamp, owner: l.node})
			}
		}
	}
	return all
}

// check looks at what is in the node itself.
func (b *simOurs) check(v *simVerdict) {
	if !b.global() {
		return
	}
}
