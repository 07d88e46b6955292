package global

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// simHolding is what a living node holds of one key, and how the others know of it.
type simHolding struct {
	family, key, value string
	stamp              merge.Stamp
	owner              string
	via                string // the global node by way of which it is known
}

// simBelieved is what every global node of ours has to believe when all is quiet, in the
// plainest words: of each key the value with the greatest stamp, and of those the one
// with the greatest owner, and of those the one from the greatest global node.
func simBelieved(all []simHolding) map[[2]string]simHolding {
	best := map[[2]string]simHolding{}
	for _, x := range all {
		place := [2]string{x.family, x.key}
		y, there := best[place]
		if !there || cmp.Or(cmp.Compare(x.stamp, y.stamp), strings.Compare(x.owner, y.owner), strings.Compare(x.via, y.via)) > 0 {
			best[place] = x
		}
	}
	return best
}

// readable is a value as the history has it.
func readable(v codec.Value) string {
	if v.IsNil() {
		return "nil"
	}
	if list, err := v.List(); err == nil {
		var all []string
		for list.More() {
			all = append(all, list.Text())
		}
		return strings.Join(all, ",")
	}
	text, err := v.Text()
	if err != nil {
		return fmt.Sprint(v)
	}
	return text
}

// simVerdict compares what nodes and programs see with what they have to.
type simVerdict struct {
	net   *simNet
	best  map[[2]string]simHolding
	loose map[[2]string]bool // keys of which the original may make anything
}

// holdings are what all living nodes hold. What comes by way of an original global node
// has no stamp, and that node for its owner; and of a key that several of its slaves have,
// or had once, nobody knows which value it tells others.
func (net *simNet) holdings() *simVerdict {
	v := &simVerdict{net: net, loose: map[[2]string]bool{}}
	var all []simHolding
	for _, x := range net.living() {
		b := x.life.base
		via := cmp.Or(b.master(), x.id)
		for _, h := range b.held() {
			if h.family[0] == '\'' && h.key != x.id {
				continue // mirrors
			}
			if !b.ready() {
				v.loose[[2]string{h.family, h.key}] = true
				continue
			}
			if h.via = via; net.node(via).original {
				h.stamp, h.owner = 0, via
			}
			all = append(all, h)
		}
	}
	for _, x := range net.living() {
		if x.life.base.global() {
			all = append(all, simHolding{family: familyGlobals, key: x.id, value: "nil", owner: x.id, via: x.id})
		}
	}
	v.best = simBelieved(all)
	for place, h := range v.best {
		if net.node(h.via).original && isRough(h.key) {
			v.loose[place] = true
		}
	}
	net.met.Keys += len(v.best)
	net.met.Loose += len(v.loose)
	return v
}

// isRough says whether originals may make anything of a key: everybody sets it, or one of
// them can't read its value.
func isRough(key string) bool { return key[0] == 'k' || strings.HasSuffix(key, simNaN) }

func (v *simVerdict) family(name string) map[string]string {
	all := map[string]string{}
	for place, h := range v.best {
		if place[0] == name {
			all[h.key] = h.value
		}
	}
	return all
}

func (v *simVerdict) families() []string {
	names := map[string]bool{}
	for place := range v.best {
		names[place[0]] = true
	}
	return sortedKeys(names)
}

// isLoose: at an original and its slaves, all rough keys are.
func (v *simVerdict) isLoose(family, key string, atOriginal bool) bool {
	return v.loose[[2]string{family, key}] || atOriginal && isRough(key)
}

// tight is what was got and what must have been, without loose keys.
func (v *simVerdict) tight(family string, atOriginal bool, got map[string]string) (rest, want map[string]string) {
	rest, want = map[string]string{}, v.family(family)
	for key, value := range got {
		if !v.isLoose(family, key, atOriginal) {
			rest[key] = value
		}
	}
	for key := range want {
		if v.isLoose(family, key, atOriginal) {
			delete(want, key)
		}
	}
	return rest, want
}

// check looks at all nodes when all is quiet.
func (net *simNet) check() {
	v := net.holdings()
	for _, x := range net.living() {
		l := x.life
		b := l.base
		if x.original {
			net.met.Originals++
			if b.global() {
				net.met.OriginalGlobals++
			}
		} else if !b.ready() {
			l.p.Left("searches for a master", 1)
			continue
		}
		l.checkHeld()
		atOriginal := l.atOriginal()
		for _, w := range l.p.Views() {
			if l.isCertain() {
				w.Ends(v.family(w.Family()), func(key string) bool { return v.isLoose(w.Family(), key, atOriginal) })
			}
		}
		if ours, ok := b.(*simOurs); ok {
			ours.check(v)
		}
	}
}

// atOriginal says whether the node sees what an original believes, or is one.
func (l *simLife) atOriginal() bool {
	return l.original || l.net.node(cmp.Or(l.base.master(), l.id)).original
}

// isCertain says whether one knows what the node has to see. An original that is stuck sees
// the past, and one that speaks JSON misses each message of another original
// that has something in it which JSON can't carry.
func (l *simLife) isCertain() bool {
	return l.base.ready() && !(l.json && l.net.node(l.base.master()).original)
}

// checkHeld: the node's own part is what its programs have set.
func (l *simLife) checkHeld() {
	own := map[string]string{}
	for _, h := range l.base.held() {
		if h.family[0] != '\'' {
			own[h.family+" "+h.key] = h.value
		}
	}
	set := map[string]string{}
	for family, keys := range l.held {
		for key, value := range keys {
			set[family+" "+key] = value
		}
	}
	l.p.Agrees("its own part", own, set)
}

// lastPatience is how long an answer may take that has to pass many slow readers.
const lastPatience = 30 * time.Second

// lastRound asks each node for each family.
func (net *simNet) lastRound() {
	v := net.holdings()
	for _, x := range net.living() {
		l := x.life
		if !l.isCertain() {
			continue
		}
		atOriginal := l.atOriginal()
		for _, family := range simFamilies {
			o := l.p.Begin("last query", "q")
			l.inside(func() {
				l.base.query(family, QueryFamily, lastPatience, func(got map[string]string, err error) {
					o.End()
					if err != nil {
						l.p.Left("last queries that fail: "+err.Error(), 1)
						return
					}
					rest, want := v.tight(family, atOriginal, got)
					l.p.Agrees("answer about "+family, rest, want)
				})
			})
		}
	}
}

// finish looks for what is left over.
func (net *simNet) finish() {
	v := net.holdings()
	for _, x := range net.living() {
		if ours, ok := x.life.base.(*simOurs); ok {
			ours.finish(v)
		}
	}
}
