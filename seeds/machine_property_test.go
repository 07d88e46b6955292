package seeds

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A model is a network in which anything may happen to a machine: sources list other
// seeds, names move, addresses answer with another node or not at all, answers come in any order, links
// end. It checks each action on the way.
type model struct {
	t       *rapid.T
	m       *Machine
	now     time.Duration
	timer   time.Duration
	static  []Seed
	sources []Listing
	lists   map[string][]Seed         // what a source is to answer; none: an error
	heard   map[string][]Seed         // what it has answered last
	asking  []string                  // Asks to be answered
	listed  map[Seed][]netip.AddrPort // the last answer that the machine got
	names   map[Seed][]netip.AddrPort // the answer to come
	answers map[netip.AddrPort]string // who is there: "", "self" or a node
	dialled map[netip.AddrPort]string // who answered the machine last
	up      map[string]bool           // links
	told    map[string]bool           // SeedUp without SeedDown
	asked   []Seed                    // Resolves to be answered
	dialing []netip.AddrPort          // Dials to be answered
	self    bool                      // was promoted
	wrong   map[string]error          // what was reported
}

var (
	places     []netip.AddrPort
	candidates []Seed
	residents  = []string{"", "self", "alpha", "beta", "gamma"}
)

func init() {
	candidates, _ = Parse([]string{"a", "b", "c", "d"})
	for i := range 5 {
		places = append(places, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 4040))
	}
}

func newModel(t *rapid.T) *model {
	s := &model{
		t:       t,
		lists:   make(map[string][]Seed),
		heard:   make(map[string][]Seed),
		listed:  make(map[Seed][]netip.AddrPort),
		names:   make(map[Seed][]netip.AddrPort),
		answers: make(map[netip.AddrPort]string),
		dialled: make(map[netip.AddrPort]string),
		up:      make(map[string]bool),
		told:    make(map[string]bool),
		wrong:   make(map[string]error),
	}
	s.static = candidates[:rapid.IntRange(0, 3).Draw(t, "seeds")]
	for i := range rapid.IntRange(0, 2).Draw(t, "sources") {
		refresh := rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "refresh")
		s.sources = append(s.sources, Listing{fmt.Sprint("source", i), refresh})
	}
	s.m = NewMachine(s.static, s.sources, monitorTimeout, nil)
	fraction := rapid.Float64Range(0, 0.999)
	s.m.random = func() float64 { return fraction.Draw(t, "random") }
	s.take(s.m.Tick(0))
	return s
}

func (s *model) take(actions []Action) {
	for _, a := range actions {
		switch a.Do {
		case Ask:
			if slices.Contains(s.asking, a.Source) {
				s.t.Fatalf("%v asked twice at once", a.Source)
			}
			s.asking = append(s.asking, a.Source)
		case Resolve:
			if slices.Contains(s.asked, a.Seed) {
				s.t.Fatalf("%v asked for twice", a.Seed)
			}
			if !slices.Contains(s.seeds(), a.Seed) {
				s.t.Fatalf("%v is resolved, which isn't listed", a.Seed)
			}
			s.asked = append(s.asked, a.Seed)
		case Dial:
			if slices.Contains(s.dialing, a.Addr) {
				s.t.Fatalf("%v dialled twice at once", a.Addr)
			}
			s.dialing = append(s.dialing, a.Addr)
		case SetTimer:
			if a.At <= s.now || a.At > s.now+monitorTimeout {
				s.t.Fatalf("at %v the timer is set to %v", s.now, a.At)
			}
			s.timer = a.At
		case Promote:
			if s.self {
				s.t.Fatal("promoted twice")
			}
			s.self = true
		case SeedUp, SeedDown:
			if s.told[a.Node] == (a.Do == SeedUp) {
				s.t.Fatalf("%v twice", a)
			}
			s.told[a.Node] = a.Do == SeedUp
		case Report:
			if s.wrong[a.name()] == a.Line.Err {
				s.t.Fatalf("%v twice", a)
			}
			if s.wrong[a.name()] = a.Line.Err; a.Line.Err == nil {
				delete(s.wrong, a.name())
			}
		}
	}
	s.check()
}

// seeds are those that the machine has to keep.
func (s *model) seeds() []Seed {
	all := slices.Clone(s.static)
	for _, source := range s.sources {
		for _, seed := range s.heard[source.Name] {
			if !slices.Contains(all, seed) {
				all = append(all, seed)
			}
		}
	}
	return all
}

// check: while an address isn't connected, or a source hasn't answered, something is
// under way or the timer set.
func (s *model) check() {
	for _, source := range s.sources {
		if len(s.heard[source.Name]) == 0 && !slices.Contains(s.asking, source.Name) && s.timer <= s.now {
			s.t.Fatalf("at %v %s hasn't answered, and nobody asks it", s.now, source.Name)
		}
	}
	for _, seed := range s.seeds() {
		missing := len(s.listed[seed]) == 0 && !slices.Contains(s.asked, seed)
		for _, addr := range s.listed[seed] {
			node := s.dialled[addr]
			missing = missing || node != "self" && !s.up[node] && !slices.Contains(s.dialing, addr)
		}
		if missing && s.timer <= s.now {
			s.t.Fatalf("at %v seed %v isn't connected, and nobody cares", s.now, seed)
		}
	}
	for node, told := range s.told {
		if told && s.wrong[""] != nil {
			s.t.Fatalf("no seed can be reached, but %s is up", node)
		}
		if told && !s.up[node] {
			s.t.Fatalf("%s counts as a seed that is up", node)
		}
	}
}

func (s *model) answerAsk(i int) {
	name := s.asking[i]
	s.asking = slices.Delete(s.asking, i, i+1)
	list := s.lists[name]
	if len(list) == 0 {
		s.take(s.m.Listed(s.now, name, nil, errors.New("no idea")))
		return
	}
	before := s.seeds()
	s.heard[name] = list
	for _, seed := range before { // what is dropped is forgotten
		if !slices.Contains(s.seeds(), seed) {
			delete(s.listed, seed)
		}
	}
	s.take(s.m.Listed(s.now, name, list, nil))
}

func (s *model) answerResolve(i int) {
	seed := s.asked[i]
	s.asked = slices.Delete(s.asked, i, i+1)
	addrs := s.names[seed]
	if len(addrs) == 0 {
		s.take(s.m.Resolved(s.now, seed, nil, errors.New("no such host")))
		return
	}
	if slices.Contains(s.seeds(), seed) {
		s.listed[seed] = addrs
	}
	s.take(s.m.Resolved(s.now, seed, addrs, nil))
}

func (s *model) answerDial(i int) {
	addr := s.dialing[i]
	s.dialing = slices.Delete(s.dialing, i, i+1)
	switch node := s.answers[addr]; node {
	case "":
		s.take(s.m.Dialled(s.now, addr, "", errors.New("refused")))
	case "self":
		s.dialled[addr] = node
		s.take(s.m.Dialled(s.now, addr, "me", fmt.Errorf("dial: %w", ErrSelf)))
	default:
		s.dialled[addr] = node
		if rapid.Bool().Draw(s.t, "link") {
			s.setUp(node, true)
			s.take(s.m.Dialled(s.now, addr, node, nil))
		} else {
			s.take(s.m.Dialled(s.now, addr, node, errors.New("hung up")))
		}
	}
}

func (s *model) setUp(node string, up bool) {
	s.up[node] = up
	if up {
		s.take(s.m.NodeUp(s.now, node))
	} else {
		s.take(s.m.NodeDown(s.now, node))
	}
}

// wait lets time pass until the timer at most.
func (s *model) wait(fraction float64) {
	if s.timer <= s.now {
		s.now += time.Duration(fraction * float64(time.Minute))
		return
	}
	s.now += time.Duration(fraction * float64(s.timer-s.now))
	if fraction == 1 {
		s.take(s.m.Tick(s.now))
	}
}

func (s *model) chaos() map[string]func(*rapid.T) {
	node := rapid.SampledFrom(residents[2:])
	return map[string]func(*rapid.T){
		"relist": func(t *rapid.T) {
			if len(s.sources) > 0 {
				name := rapid.SampledFrom(s.sources).Draw(t, "source").Name
				s.lists[name] = rapid.SliceOfNDistinct(rapid.SampledFrom(candidates), 0, 4, rapid.ID[Seed]).Draw(t, "list")
			}
		},
		"list": func(t *rapid.T) {
			if len(s.asking) > 0 {
				s.answerAsk(rapid.IntRange(0, len(s.asking)-1).Draw(t, "which"))
			}
		},
		"overdue": func(t *rapid.T) {
			if len(s.asking) > 0 {
				s.take(s.m.Overdue(s.now, s.asking[0], errors.New("late")))
			}
		},
		"rename": func(t *rapid.T) {
			seed := rapid.SampledFrom(candidates).Draw(t, "seed")
			s.names[seed] = rapid.SliceOfNDistinct(rapid.SampledFrom(places), 0, 3, rapid.ID[netip.AddrPort]).Draw(t, "addrs")
		},
		"settle": func(t *rapid.T) {
			addr := rapid.SampledFrom(places).Draw(t, "addr")
			if s.answers[addr] != "self" { // we don't move
				s.answers[addr] = rapid.SampledFrom(residents).Draw(t, "node")
			}
		},
		"link":   func(t *rapid.T) { s.setUp(node.Draw(t, "node"), true) },
		"unlink": func(t *rapid.T) { s.setUp(node.Draw(t, "node"), false) },
		"resolve": func(t *rapid.T) {
			if len(s.asked) > 0 {
				s.answerResolve(rapid.IntRange(0, len(s.asked)-1).Draw(t, "which"))
			}
		},
		"answer": func(t *rapid.T) {
			if len(s.dialing) > 0 {
				s.answerDial(rapid.IntRange(0, len(s.dialing)-1).Draw(t, "which"))
			}
		},
		"wait": func(t *rapid.T) { s.wait(rapid.SampledFrom([]float64{0.1, 0.5, 1}).Draw(t, "fraction")) },
	}
}

// heal makes everything work, and lets all that is under way end.
func (s *model) heal() {
	for i, addr := range places {
		if s.answers[addr] != "self" {
			s.answers[addr] = residents[2+i%3]
		}
	}
	for _, seed := range candidates {
		if len(s.names[seed]) == 0 {
			s.names[seed] = places[:1]
		}
	}
	for _, source := range s.sources {
		if len(s.lists[source.Name]) == 0 {
			s.lists[source.Name] = candidates[:1]
		}
	}
	for end := s.now + 4*monitorTimeout; s.now < end; s.wait(1) {
		for len(s.asking) > 0 || len(s.asked) > 0 || len(s.dialing) > 0 {
			if len(s.asking) > 0 {
				s.answerAsk(0)
			} else if len(s.asked) > 0 {
				s.answerResolve(0)
			} else {
				s.answerDialWell()
			}
		}
	}
}

func (s *model) answerDialWell() {
	addr := s.dialing[0]
	node := s.answers[addr]
	if node != "self" {
		s.setUp(node, true)
		s.dialing = s.dialing[1:]
		s.dialled[addr] = node
		s.take(s.m.Dialled(s.now, addr, node, nil))
		return
	}
	s.answerDial(0)
}

// refreshing says whether there is a source that is asked even at rest.
func (s *model) refreshing() bool {
	return slices.ContainsFunc(s.sources, func(l Listing) bool { return l.Refresh > 0 })
}

func TestWhateverHappensAllSeedsAreConnectedInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newModel(t)
		t.Repeat(s.chaos())
		s.heal()
		for _, seed := range s.seeds() {
			for _, addr := range s.listed[seed] {
				if node := s.dialled[addr]; node != "self" && !s.told[node] {
					t.Fatalf("%v at %v, where %q is, isn't connected", seed, addr, node)
				}
			}
		}
		for _, source := range s.sources {
			if len(s.heard[source.Name]) == 0 {
				t.Fatalf("%s was never heard", source.Name)
			}
		}
		for _, k := range s.m.seeds {
			if k.listed == 0 && !slices.ContainsFunc(k.former, s.m.settled) {
				t.Fatalf("%v is remembered for nothing", k.seed)
			}
		}
		if len(s.wrong) > 0 {
			t.Fatalf("there is still something wrong: %v", s.wrong)
		}
		if s.refreshing() {
			return
		}
		if s.timer > s.now || len(s.asked)+len(s.dialing) > 0 {
			t.Fatalf("at %v it isn't at rest: %v %v %v", s.now, s.timer, s.asked, s.dialing)
		}
	})
}
