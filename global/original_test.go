package global

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// An original keeps the database for a kernel node as AnyEvent::MP 2.02 does, with its
// faults: no stamps, so that the last to arrive wins; a master only among the seeds
// that it dialled itself; no watch on the master after a switch from one to another;
// differences that name what hasn't changed. Everything of it belongs to the loop.
//
// Here is what every node does; original_seeds_test.go finds the network and
// original_global_test.go is a global node.
type original struct {
	n     *kernel.Node
	id    string
	loop  loop.Loop
	bound time.Duration // of the pause between two attempts

	seeds   []*originalSeed
	isSeed  map[string]bool // nodes that it met at a seed's address
	seeding originalRetry
	up      map[string]time.Duration // since when

	master     string
	watching   masterWatch
	registered bool // on the present link
	local      originalTables
	requests   []originalRequest
	answers    map[string]func(codec.Value)
	calls      int
	views      map[string]*originalView

	globals map[string]bool // known as such and linked
	queues  map[string]*originalQueue
	hub     *originalHub // nil: it isn't global
}

// An originalTable is a family: key → encoded value. originalTables are families by name.
type (
	originalTable  map[string]string
	originalTables map[string]originalTable
)

func (t originalTables) family(name string) originalTable {
	if t[name] == nil {
		t[name] = originalTable{}
	}
	return t[name]
}

// masterWatch is which node events the original waits for.
type masterWatch uint8

const (
	watchesNothing masterWatch = iota
	watchesSeeds               // for one to become the master
	watchesMaster              // for its end
)

// An originalRequest is sent to each new master until it is answered.
type originalRequest struct {
	id   string
	args []any
}

// An originalView is a family that is watched.
type originalView struct {
	keys     originalTable
	watchers []*originalWatcher
}

type originalWatcher struct {
	f func(added, changed, deleted []string, now originalTable)
}

func newOriginal(n *kernel.Node, bound time.Duration, seeds []netip.AddrPort) *original {
	o := &original{
		n: n, id: n.ID(), loop: n.Loop(), bound: bound,
		isSeed: map[string]bool{}, up: map[string]time.Duration{}, local: originalTables{},
		answers: map[string]func(codec.Value){}, views: map[string]*originalView{}, globals: map[string]bool{},
		queues: map[string]*originalQueue{},
	}
	for _, addr := range seeds {
		o.seeds = append(o.seeds, &originalSeed{addr: addr})
	}
	n.SetDatabase(o)
	return o
}

// start begins to look for the network. On the loop.
func (o *original) start(binds []string) {
	o.local.family(familyNodes)[o.id] = originalEncoding(octetTexts(binds))
	o.seeding = originalRetry{o: o, all: o.dialSeeds}
	o.seeding.again(600 * time.Millisecond)
	o.search()
}

// tell sends to a linked node, or to itself. What is for another one waits for the next link,
// but not longer than an attempt lasts.
func (o *original) tell(node string, args ...any) {
	m, err := codec.MessageOf(args...)
	if err != nil {
		panic(err)
	}
	if node == o.id {
		o.request(node, m)
		return
	}
	if _, up := o.up[node]; up {
		o.send(node, m)
		return
	}
	q := o.queues[node]
	if q == nil || o.loop.Now()-q.since > originalPatience {
		q = &originalQueue{since: o.loop.Now()}
		o.queues[node] = q
		o.n.Connect(node)
	}
	q.waiting = append(q.waiting, m)
}

// An originalQueue is what waits for a link.
type originalQueue struct {
	since   time.Duration
	waiting []codec.Message
}

// originalPatience is how long 2.02 tries to connect (connect_interval).
const originalPatience = 2 * time.Second

// flush sends what was waiting, before anything else.
func (o *original) flush(node string) {
	q := o.queues[node]
	delete(o.queues, node)
	if q == nil || o.loop.Now()-q.since > originalPatience {
		return
	}
	for _, m := range q.waiting {
		o.send(node, m)
	}
}

// send sends on a link. What JSON can't carry is lost.
func (o *original) send(node string, m codec.Message) {
	var value *codec.ValueError
	if err := o.n.Tell(node, m); err != nil && !errors.As(err, &value) {
		panic(err)
	}
}

// search looks for a master.
func (o *original) search() {
	for _, node := range sortedKeys(o.isSeed) {
		if _, up := o.up[node]; up {
			o.register(node)
			return
		}
	}
	o.watching = watchesSeeds
}

// register makes a node the master. In 2.02 the new watch on it has the same name as an
// old one, whose end takes both away.
func (o *original) register(node string) {
	if o.watching == watchesMaster {
		o.watching = watchesNothing
	} else {
		o.watching = watchesMaster
	}
	o.master, o.registered = node, true
	o.tell(node, "g_slave", o.local.args())
	for _, r := range slices.Clone(o.requests) {
		o.tell(node, r.args...)
	}
}

func (o *original) NodeUp(node string, _ bool) {
	o.up[node] = o.loop.Now()
	o.flush(node)
	if o.isSeed[node] {
		o.tell(node, "g_slave")
		if o.watching == watchesSeeds && o.hub == nil {
			o.register(node)
		}
	}
	if o.hub != nil {
		o.tell(node, "g_global")
	}
}

func (o *original) NodeDown(node string) {
	delete(o.up, node)
	delete(o.globals, node)
	if o.isSeed[node] {
		o.seeding.again(600 * time.Millisecond)
	}
	if node == o.master {
		o.registered = false
		if o.watching == watchesMaster {
			o.master = ""
			o.search()
		}
	}
	if o.hub != nil {
		o.hub.disconnect(node)
		o.hub.nodeDown(node)
	}
}

func (o *original) Find(node string) {
	if o.hub != nil {
		o.found(node, originalValue(o.hub.merged[familyNodes][node]))
		return
	}
	o.ask("g_find "+node, "g_find", node)
}

func (o *original) found(node string, binds codec.Value) {
	var addrs []netip.AddrPort
	if list, err := binds.List(); err == nil {
		for list.More() {
			if addr, err := netip.ParseAddrPort(list.Text()); err == nil {
				addrs = append(addrs, addr)
			}
		}
	}
	o.n.Found(node, addrs)
}

// ask sends a request to the master, and to the next ones until it is answered.
func (o *original) ask(id string, args ...any) {
	if o.asked(id) >= 0 {
		return
	}
	o.requests = append(o.requests, originalRequest{id, args})
	if o.master != "" {
		o.tell(o.master, args...)
	}
}

func (o *original) asked(id string) int {
	return slices.IndexFunc(o.requests, func(r originalRequest) bool { return r.id == id })
}

func (o *original) answered(id string) bool {
	i := o.asked(id)
	if i >= 0 {
		o.requests = slices.Delete(o.requests, i, i+1)
	}
	return i >= 0
}

// Request implements kernel.Database. What it can't read it takes for nothing.
func (o *original) Request(from string, m codec.Message) error {
	o.request(from, m)
	return nil
}

func (o *original) request(from string, m codec.Message) {
	tag, args, _ := m.Clone().CutTag()
	r := args.Args()
	switch string(tag) {
	case "g_reply":
		id := r.Text()
		o.answered(id)
		if f := o.answers[id]; f != nil {
			delete(o.answers, id)
			f(r.Value())
		}
	case "g_found":
		node := r.Text()
		if o.answered("g_find " + node) {
			o.found(node, r.Value())
		}
	case "g_chg1":
		if from == o.master {
			o.replaced(r.Text(), originalTableOf(r.Value()))
		}
	case "g_chg2":
		if from == o.master {
			o.changed(r.Text(), originalTableOf(r.Value()), originalTextsOf(r.Value()))
		}
	case "g_global":
		if o.hub != nil {
			o.hub.disconnect(from)
		}
		o.globals[from] = true
		if o.hub != nil {
			o.hub.connect(from)
		}
	case "g_slave":
		o.promote()
		o.hub.request(from, "g_slave", r)
	default:
		if o.hub != nil {
			o.hub.request(from, string(tag), r)
		}
	}
}

// set and remove change what this node holds.
func (o *original) set(family, key string, v any) {
	raw := originalEncoding(v)
	if old, there := o.local.family(family)[key]; there && old == raw {
		return
	}
	o.local[family][key] = raw
	if o.master != "" {
		o.tell(o.master, "g_upd", family, originalTable{key: raw}.args())
	}
}

func (o *original) remove(family, key string) {
	if _, there := o.local.family(family)[key]; !there {
		return
	}
	delete(o.local[family], key)
	if o.master != "" {
		o.tell(o.master, "g_upd", family, nil, []string{key})
	}
}

// query asks the master for a whole family.
func (o *original) query(family string, f func(originalTable)) {
	o.calls++
	id := strconv.Itoa(o.calls)
	o.answers[id] = func(v codec.Value) { f(originalTableOf(v)) }
	o.ask(id, "g_db_family", family, id)
}

// watch calls f with a family's differences and contents, until stop.
func (o *original) watch(family string, f func(added, changed, deleted []string, now originalTable)) (stop func()) {
	w := &originalWatcher{f}
	v := o.views[family]
	if v == nil {
		v = &originalView{keys: originalTable{}}
		o.views[family] = v
		v.watchers = append(v.watchers, w)
		o.ask("mon1 "+family, "g_mon1", family)
	} else {
		o.loop.Later(loop.Func(func() {
			if o.views[family] == v && !slices.Contains(v.watchers, w) && w.f != nil {
				v.watchers = append(v.watchers, w)
				w.f(sortedKeys(v.keys), nil, nil, v.keys)
			}
		}))
	}
	return func() {
		w.f = nil
		v.watchers = slices.DeleteFunc(v.watchers, func(other *originalWatcher) bool { return other == w })
		if len(v.watchers) > 0 || o.views[family] != v {
			return
		}
		o.answered("mon1 " + family)
		delete(o.views, family)
		if o.master != "" {
			o.tell(o.master, "g_mon0", family)
		}
	}
}

// replaced is a family as a whole; what was there before counts as changed.
func (o *original) replaced(family string, now originalTable) {
	v := o.views[family]
	if v == nil {
		return
	}
	var deleted []string
	for _, key := range sortedKeys(v.keys) {
		if _, there := now[key]; !there {
			deleted = append(deleted, key)
		}
	}
	added, changed := v.put(now)
	v.tell(added, changed, deleted)
}

func (o *original) changed(family string, set originalTable, del []string) {
	v := o.views[family]
	if v == nil {
		return
	}
	added, changed := v.put(set)
	v.tell(added, changed, del)
}

func (v *originalView) put(set originalTable) (added, changed []string) {
	for _, key := range sortedKeys(set) {
		if _, there := v.keys[key]; there {
			changed = append(changed, key)
		} else {
			added = append(added, key)
		}
		v.keys[key] = set[key]
	}
	return added, changed
}

func (v *originalView) tell(added, changed, deleted []string) {
	for _, key := range deleted {
		delete(v.keys, key)
	}
	for _, w := range slices.Clone(v.watchers) {
		if w.f != nil {
			w.f(added, changed, deleted, v.keys)
		}
	}
}

// The forms in which originalTables travel.

func (t originalTable) args() map[string]any {
	m := map[string]any{}
	for key, v := range t {
		m[key] = codec.Raw(v)
	}
	return m
}

func (t originalTables) args() map[string]any {
	m := map[string]any{}
	for family, keys := range t {
		if len(keys) > 0 {
			m[family] = keys.args()
		}
	}
	return m
}

// originalEncoding is a value as it travels. Strings without need for more are octets to Perl.
func originalEncoding(v any) string {
	b, err := codec.AppendArgs(nil, []any{v})
	if err != nil {
		panic(fmt.Sprintf("%v: %v", v, err))
	}
	return string(b)
}

func originalValue(raw string) codec.Value {
	if raw == "" {
		return codec.Value{}
	}
	m := codec.ArgsMessage([]byte(raw), 1)
	return m.At(0)
}

func octetTexts(list []string) []any {
	var all []any
	for _, s := range list {
		all = append(all, []byte(s))
	}
	return all
}

func originalTableOf(v codec.Value) originalTable {
	t := originalTable{}
	if pairs, err := v.Map(); err == nil {
		for pairs.Next() {
			t[pairs.Key()] = string(pairs.Value().Raw())
		}
	}
	return t
}

func originalTablesOf(v codec.Value) originalTables {
	t := originalTables{}
	if pairs, err := v.Map(); err == nil {
		for pairs.Next() {
			t[pairs.Key()] = originalTableOf(pairs.Value())
		}
	}
	return t
}

func originalTextsOf(v codec.Value) []string {
	var all []string
	if list, err := v.List(); err == nil {
		for list.More() {
			all = append(all, list.Text())
		}
	}
	return all
}
