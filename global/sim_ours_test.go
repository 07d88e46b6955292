package global

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/seeds"
)

// simOurs is the base of a node of ours: a DB and what finds the network for it.
type simOurs struct {
	l      *simLife
	db     *DB
	keeper *seeds.Keeper
	group  *Group // of all ports that are registered; nil: it has none
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
	kept := seeds.NewKeepSet(simNetwork{l.n}, l.net.bound)
	b.db = New(l.n, Options{Global: l.simNodePlan.global, Keeper: kept})
	b.db.machine.faults, b.db.machine.flaws = l.net.fault.kind, l.net.fault.flaws
	b.keeper = seeds.NewKeeper(simNetwork{l.n}, seeds.Options{
		Seeds: parsed, MonitorTimeout: l.net.bound, Observer: b.db, Logger: l.n.Logger(),
	})
	b.db.Announce([]netip.AddrPort{l.addr})
	l.inside(func() {
		kept.Start()
		b.keeper.Start()
	})
	if l.net.oneIn(2) {
		if b.group, err = b.db.Group(simPorts, GroupOptions{Pick: Pick(l.net.r.IntN(3))}); err != nil {
			panic(err)
		}
	}
	return b
}

// sendToGroup sends to some registered port.
func (b *simOurs) sendToGroup() {
	if b.group == nil {
		return
	}
	member, err := b.group.Next()
	if errors.Is(err, ErrNoMember) {
		return
	}
	if err == nil {
		err = b.l.n.TrySend(member, "hello")
	}
	if err == nil {
		b.l.net.met.ToGroups++
	}
}

func (b *simOurs) behind() bool {
	for _, x := range b.db.machine.peers {
		if x.awaits || b.l.n.Crowded(x.node) {
			return true
		}
	}
	return false
}

func (b *simOurs) close() {
	b.l.n.Loop().Post(loop.Func(b.keeper.Close))
	b.db.Close()
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
		entries := l.entriesOf(family)
		for _, key := range sortedKeys(entries) {
			if e := entries[key]; e.value() != nil {
				all = append(all, simHolding{family: family, key: key, value: readable(value(e.value())), stamp: e.stamp, owner: l.node})
			}
		}
	}
	return all
}

// check compares what a global node believes with what it has to, stamps and owners too.
func (b *simOurs) check(v *simVerdict) {
	if !b.global() {
		return
	}
	m := b.db.machine
	for _, family := range slices.Compact(slices.Sorted(slices.Values(append(m.store.Families(), v.families()...)))) {
		got := map[string]string{}
		for key, value := range m.Entries(family) {
			got[string(key)] = readable(value)
		}
		rest, want := v.tight(family, false, got)
		b.l.p.Agrees("family "+family, rest, want)
		if family[0] != '\'' {
			b.checkOrigin(v, family, want)
		}
	}
}

func (b *simOurs) checkOrigin(v *simVerdict, family string, keys map[string]string) {
	got, want := map[string]string{}, map[string]string{}
	for key := range keys {
		e, _ := b.db.machine.store.Get(family, key)
		h := v.best[[2]string{family, key}]
		got[key] = fmt.Sprintf("%d by %s", e.Stamp, e.Owner)
		want[key] = fmt.Sprintf("%d by %s", h.stamp, h.owner)
	}
	b.l.p.Agrees("origins in "+family, got, want)
}

// checkStale looks, at any time, at what a global node believes of its own slaves: nothing
// that such a node hasn't told it, whatever a former master still says.
func (b *simOurs) checkStale() {
	m := b.db.machine
	for _, x := range m.sorted() {
		life := b.l.net.node(x.node).life
		if !x.slave || !x.ours || life == nil || life.base.master() != b.l.id {
			continue
		}
		where, known := m.store.Get(familyNodes, x.node)
		if !known || where.Stamp != life.base.(*simOurs).announced() {
			continue // it is just registering, here or elsewhere
		}
		for _, family := range m.store.Families() {
			for key, e := range m.store.Family(family) {
				if e.Owner == x.node && m.store.Held(x.node, []byte(family), key) < 0 {
					b.l.p.Left(fmt.Sprintf("stale copies believed, %s of %s by %s", key, family, e.Owner), 1)
				}
			}
		}
	}
}

// announced is the stamp of the node's own addresses.
func (b *simOurs) announced() merge.Stamp {
	l := b.db.local
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entriesOf(familyNodes)[l.node].stamp
}

// finish looks for what is left over in a node that is at rest.
func (b *simOurs) finish(v *simVerdict) {
	d, m, p := b.db, b.db.machine, b.l.p
	watching := 0
	families := map[string]bool{}
	if b.group != nil {
		watching, families[simPorts] = 1, true
		b.checkGroup(v)
	}
	for _, v := range p.Views() {
		if v.Live() {
			watching++
			families[v.Family()] = true
		}
	}
	p.Left("queries", len(d.asking)+int(d.queries.Load())+len(m.slave.queries))
	p.Left("watches", int(d.watches.Load())-watching)
	p.Left("watched families", len(d.families)-len(families))
	p.Left("watched families of the machine", len(m.watches)-len(families))
	p.Left("registered ports", len(d.registered)-len(b.l.held[simPorts]))
	p.Left("nodes looked for", len(m.finder.waiting))
	p.Left("peers", len(m.peers)-len(b.l.n.UpNodes()))
	for _, x := range m.sorted() {
		p.Left("messages waiting for "+x.node, len(x.pieces)+len(x.jobs)+len(x.debts)+len(x.parts))
		b.isSlave(x)
	}
	if m.settle.on {
		p.Left("settling", 1)
	}
	if b.global() {
		b.finishHub()
	}
}

// checkGroup: the members are the ports that are registered.
func (b *simOurs) checkGroup(v *simVerdict) {
	got := map[string]string{}
	for _, member := range b.group.Members() {
		got[member] = ""
	}
	rest, want := v.tight(simPorts, b.l.atOriginal(), got)
	for key := range want {
		want[key] = ""
	}
	b.l.p.Agrees("group", rest, want)
}

// isSlave: who is a slave here thinks so, too, and is told of what it watches.
func (b *simOurs) isSlave(x *peer) {
	life := b.l.net.node(x.node).life
	if theirs := life.base.master() == b.l.id && life.base.ready(); theirs != x.slave {
		b.l.p.Left("slaves that are none, or the other way round: "+x.node, 1)
	}
	if theirs, ok := life.base.(*simOurs); ok && x.slave {
		b.l.p.Left("families watched by "+x.node, len(x.watches)-len(theirs.db.machine.watches))
	}
}

func (b *simOurs) finishHub() {
	var globals, known []string
	for _, x := range b.l.net.living() {
		if x != b.l.simNode && x.life.base.global() {
			globals = append(globals, x.id)
		}
	}
	hub := &b.db.machine.hub
	for _, x := range hub.globals {
		known = append(known, x.node)
	}
	slices.Sort(globals)
	if !slices.Equal(known, globals) {
		b.l.p.Left(fmt.Sprintf("globals known, %v, of %v", known, globals), 1)
	}
	watching := 0
	for _, x := range b.db.machine.peers {
		watching += len(x.watches)
	}
	for _, list := range hub.watching {
		watching -= len(list)
	}
	b.l.p.Left("watchers", watching)
}
