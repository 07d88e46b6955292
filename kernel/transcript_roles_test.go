package kernel_test

import (
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// portPrefixes are symbols for what the port names of a recording begin with.
var portPrefixes = map[string]map[string]string{
	"01_join_cbor":               {"P": "QTtin3LGl"},
	"01b_join_cbor_promote":      {"P": "Qau85xvYZ"},
	"02_join_json":               {"P": "QhvXJzw3W"},
	"04_mon_kil":                 {"B": "t5cQjSiyh"},
	"04_mon_kil_json":            {"B": "vWiLLG6jO"},
	"05_spawn_cal_nodereqs":      {"B": "t5cQjSiyh", "A": "tvdyXpOka", "S": "84RbT8cYUP"},
	"05_spawn_cal_nodereqs_json": {"B": "vWiLLG6jO", "A": "vbiv7Bnpv", "S": "pTKh8IgaWQ"},
	"08_cleartext_json_client":   {"P": "YHlCVXwml"},
}

// A difference is where we may send something else than Perl did. Both are written as
// render does, with symbols; a * stands for what doesn't matter.
type difference struct {
	files    []string // what their names begin with
	self     string   // in whose place our node is
	recorded string   // empty: nothing was recorded
	ours     string   // empty: we send nothing
	loops    bool     // only if our node has several loops
	check    func(s *stage, m codec.Message) bool
	why      string
}

var differences = []difference{
	{files: []string{"01", "02"}, self: "a", recorded: `["g_*`,
		why: "protocol 6: package kernel doesn't keep the database"},
	{files: []string{"01", "02", "08"}, self: "seed", recorded: `["g_*`,
		why: "protocol 6: package kernel doesn't keep the database"},
	{files: []string{"04"}, self: "a", recorded: `["mon0",null]`,
		why: "protocol 4: monitoring a node sends nothing, so there is nothing to take back"},
	{files: []string{"04"}, self: "a", loops: true, ours: `["mon1","B.e"]`,
		why: "protocol 4: two mon1 give two kil0; a monitor that is set on another loop than the peer's has its own"},
	{files: []string{"04"}, self: "a", loops: true, ours: `["mon0","B.e"]`,
		why: "protocol 4: and its own mon0"},
	{files: []string{"05"}, self: "b", ours: `["mon0","A.b"]`,
		why: "protocol 4: a monitor of ours ends with the port that holds it; Perl leaves it"},
	{files: []string{"05"}, self: "b", recorded: `["kil0","S.d","no_such_port",*`, ours: `["kil0","S.d","die","bad"]`,
		why: "protocol 4 and 9: a failed spawn has its real reason"},
	{files: []string{"05"}, self: "b", recorded: `["kil0","S.e","no_such_port",*`,
		ours: `["kil0","S.e","die","no such function 'No::Such::func'"]`,
		why:  "protocol 4 and 9: a failed spawn has its real reason"},
	{files: []string{"05"}, self: "b", recorded: `A.b["ev","",42]`, ours: `A.b["ev","eval: not supported by this node"]`,
		why: "protocol 4: eval is answered with an error text, and nothing is run"},
	{files: []string{"05"}, self: "b", recorded: `A.b["t",*]`, ours: `A.b["t",*]`, check: isTimeNow,
		why: "the time is another one"},
	{files: []string{"05"}, self: "b", recorded: `A.b["c1","1"]`, ours: `A.b["c1",true]`,
		why: `protocol 3: "1" is Perl's own true; a bool is read alike`},
	{files: []string{"05"}, self: "b", recorded: `A.b["c2",""]`, ours: `A.b["c2",false]`,
		why: `protocol 3: "" is Perl's own false; a bool is read alike`},
	{files: []string{"08"}, self: "seed", recorded: `me["now",*]`, ours: `me["now",*]`, check: isTimeNow,
		why: "the time is another one"},
	{files: []string{"08"}, self: "seed", recorded: `me["can","1"]`, ours: `me["can",true]`,
		why: `protocol 3: "1" is Perl's own true; a bool is read alike`},
	{files: []string{"08"}, self: "py", ours: `["kil0","x2","no_such_port","cannot monitor nonexistent port","py#x2"]`,
		why: "protocol 4: who monitors an unknown port is told at once; the client was no node and left"},
}

// isTimeNow: the last argument is a float, the time of day.
func isTimeNow(s *stage, m codec.Message) bool {
	v := m.At(m.Len() - 1)
	t, err := v.Float()
	now := float64(s.node.Loop().Wall().UnixMicro()) / 1e6
	return err == nil && v.Kind() == codec.Float && t <= now && now-t < 1
}

// allowed is the rule for a recorded message that we may send otherwise, or nil.
func (s *stage) allowed(title string) *difference {
	return s.rule(func(d *difference) bool { return d.recorded != "" && matches(d.recorded, title) })
}

// extra says that we may send m beside what was recorded.
func (s *stage) extra(m heardMessage) bool {
	title := s.title(m)
	return s.rule(func(d *difference) bool { return d.recorded == "" && matches(d.ours, title) }) != nil
}

func (s *stage) rule(is func(*difference) bool) *difference {
	for i := range differences {
		d := &differences[i]
		for _, file := range d.files {
			if d.self == s.role.self && !(d.loops && s.loops == 1) && strings.HasPrefix(s.rec.file, file) && is(d) {
				s.used[d] = true
				return d
			}
		}
	}
	return nil
}

func (d *difference) fits(s *stage, m heardMessage) bool {
	return matches(d.ours, s.title(m)) && (d.check == nil || d.check(s, m.args))
}

func matches(pattern, text string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// A role is the part of a recorded node, and of the Perl program that ran on it.
type role struct {
	files     []string
	self      string
	joins     bool // dials the other as its seed
	options   func(*kernel.Options)
	begin     func(s *stage)                                  // before the nodes meet
	does      map[string]func(s *stage, self *kernel.Context) // just before the recorded message
	generated []string                                        // names that the node makes up
	sees      []string
}

var (
	joinFiles  = []string{"01_join_cbor", "01b_join_cbor_promote", "02_join_json"}
	monFiles   = []string{"04_mon_kil", "04_mon_kil_json"}
	spawnFiles = []string{"05_spawn_cal_nodereqs", "05_spawn_cal_nodereqs_json"}
	pyFiles    = []string{"08_cleartext_json_client"}
)

type deeds = map[string]func(s *stage, self *kernel.Context)

var roles = []role{
	{
		files: joinFiles, self: "a", joins: true,
		begin: func(s *stage) {
			s.port(s.real("P.b"), func(self *kernel.Context, m codec.Message) {
				s.spot(self, m)
				s.ok(self.Send("seed", "devnull"))
			})
		},
		sees: []string{"seed up: true", `a#P.b got ["hello",1]`},
	},
	{
		files: joinFiles, self: "seed",
		does: deeds{
			`P.b["hello",1]`: func(s *stage, self *kernel.Context) { s.ok(self.Send("a#"+s.real("P.b"), "hello", 1)) },
		},
		sees: []string{"a up: true", "a up: false"},
	},
	{
		files: monFiles, self: "a",
		does: deeds{
			`["mon1","B.b"]`:    monitorB("B.b"),
			`["mon1","B.c"]`:    monitorB("B.c"),
			`["mon1","nosuch"]`: func(s *stage, self *kernel.Context) { s.watch(self, "b#nosuch") },
			`["mon1","B.d"]`: func(s *stage, self *kernel.Context) {
				m := s.watch(self, "b#"+s.real("B.d"))
				self.After(200*time.Millisecond, func(*kernel.Context) { s.see("B.d let go: %v", m.Cancel()) })
			},
			`["mon1","B.e"]`: func(s *stage, self *kernel.Context) {
				first, second := s.watch(self, "b#"+s.real("B.e")), s.watch(self, "b#"+s.real("B.e"))
				self.After(100*time.Millisecond, func(*kernel.Context) { s.see("B.e let go: %v", first.Cancel()) })
				self.After(290*time.Millisecond, func(*kernel.Context) {
					s.see("B.e still monitored: %v", s.loops > 1 || s.next == len(s.peer.heard))
					s.see("B.e let go: %v", second.Cancel())
				})
			},
			`["kil1","B.e"]`: func(s *stage, self *kernel.Context) {
				s.ok(self.Kill("b#" + s.real("B.e")))
				s.ok(self.Kill("b#"+s.real("B.d"), "abnormal", "by a"))
				s.ok(self.Kill("b#neverexisted", 1))
			},
			`["mon1","B.f"]`: func(s *stage, self *kernel.Context) {
				s.watch(self, "b#"+s.real("B.f"))
				s.ok(self.Send("b#"+s.real("B.f"), 1))
			},
			`["mon0",null]`: func(s *stage, self *kernel.Context) {
				s.see("b let go: %v", s.watch(self, "b").Cancel())
			},
		},
		sees: []string{
			"b up: true",
			"b#B.b ended: []",
			`b#B.c ended: ["some","reason",3]`,
			`b#nosuch ended: ["no_such_port","cannot monitor nonexistent port","b#nosuch"]`,
			"B.d let go: true",
			"B.e let go: true",
			"B.e still monitored: true",
			"B.e let go: true",
			`b#B.f ended: ["die","oops"]`,
			"b let go: true",
		},
	},
	{
		files: monFiles, self: "b",
		begin: func(s *stage) {
			for _, name := range []string{"B.b", "B.c", "B.d", "B.e"} {
				s.port(s.real(name), s.spot)
			}
			s.port(s.real("B.f"), func(*kernel.Context, codec.Message) { panic("oops\n") })
			s.ok(s.node.Do(func(self *kernel.Context) {
				s.watch(self, "b#"+s.real("B.d"))
				s.watch(self, "b#"+s.real("B.e"))
			}))
		},
		does: deeds{
			`["kil0","B.b"]`: func(s *stage, self *kernel.Context) { s.ok(self.Kill("b#" + s.real("B.b"))) },
			`["kil0","B.c","some","reason",3]`: func(s *stage, self *kernel.Context) {
				s.ok(self.Kill("b#"+s.real("B.c"), "some", "reason", 3))
			},
		},
		sees: []string{
			"a up: true",
			"b#B.e ended: []",
			`b#B.d ended: ["abnormal","by a"]`,
		},
	},
	{
		files: spawnFiles, self: "a",
		generated: []string{"S.c", "S.d", "S.e", "A.f", "A.g"},
		begin:     func(s *stage) { s.port(s.real("A.b"), s.spot) },
		does: deeds{
			`["mon1","B.b"]`: monitorB("B.b"),
			`["AnyEvent::MP::_spawn","S.c","Foo::init","a#A.b",1,[2]]`: func(s *stage, self *kernel.Context) {
				id := s.spawn(self, "Foo::init", "a#"+s.real("A.b"), 1, []any{2})
				s.ok(self.Send(id, "ping", 5))
			},
			`["kil1","S.c","x","y"]`: func(s *stage, self *kernel.Context) {
				s.ok(self.Kill("b#"+s.names[s.real("S.c")], "x", "y"))
			},
			`["AnyEvent::MP::_spawn","S.d","Foo::bad"]`:       func(s *stage, self *kernel.Context) { s.spawn(self, "Foo::bad") },
			`["AnyEvent::MP::_spawn","S.e","No::Such::func"]`: func(s *stage, self *kernel.Context) { s.spawn(self, "No::Such::func") },
			`["mon1","B.g"]`: func(s *stage, self *kernel.Context) { s.call(self, 1, 0) },
			`B.g["q",2,"a#A.g"]`: func(s *stage, self *kernel.Context) {
				s.call(self, 2, transcriptWait)
			},
			`["eval","6*7","a#A.b","ev"]`: func(s *stage, self *kernel.Context) {
				me := "a#" + s.real("A.b")
				s.ok(self.Send("b", "eval", "6*7", me, "ev"))
				s.ok(self.Send("b", "time", me, "t"))
				s.ok(self.Send("b", "can", "mon1", me, "c1"))
				s.ok(self.Send("b", "can", "nope", me, "c2"))
				s.ok(self.Send("b", "snd", me, "relayed"))
			},
			`["devnull",1]`: func(s *stage, self *kernel.Context) { s.ok(self.Send("b", "devnull", 1)) },
			`[]`:            func(s *stage, self *kernel.Context) { s.ok(self.Send("b")) },
		},
		sees: []string{
			"b up: true",
			`a#A.b got ["reply","b#S.c","ping",5]`,
			`b#S.c ended: ["x","y"]`,
			`b#S.d ended: ["no_such_port","cannot monitor nonexistent port","b#S.d"]`,
			`b#S.e ended: ["no_such_port","cannot monitor nonexistent port","b#S.e"]`,
			`answer 1: ["echo","q",1], <nil>`,
			`answer 2: ["echo","q",2], <nil>`,
			`a#A.b got ["ev","",42]`,
			`a#A.b got ["t",a time]`,
			`a#A.b got ["c1","1"]`,
			`a#A.b got ["c2",""]`,
			`a#A.b got ["relayed"]`,
		},
	},
	{
		files: spawnFiles, self: "b",
		begin: func(s *stage) {
			s.port(s.real("B.b"), s.spot)
			s.port(s.real("B.g"), func(self *kernel.Context, m codec.Message) {
				to, err := m.At(m.Len() - 1).Text()
				s.ok(err)
				s.ok(self.Send(to, "echo", m.At(0), m.At(1)))
			})
			s.node.Register("Foo::init", s.fooInit)
			s.node.Register("Foo::bad", func(*kernel.Context, codec.Message) { panic("bad") })
		},
		sees: []string{
			"a up: true",
			`Foo::init in b#S.c: ["a#A.b",1,[2]]`,
		},
	},
	{
		files: pyFiles, self: "py", joins: true,
		options: func(o *kernel.Options) {
			o.Links.AuthOffer = []string{codec.AuthCleartext}
			o.Links.Framings = []codec.Framing{codec.JSON}
		},
		begin: func(s *stage) {
			s.port("me", s.spot)
			s.port("myport", s.spot)
		},
		does: deeds{
			`P.b["hello from py",1]`: func(s *stage, self *kernel.Context) { s.ok(self.Send("seed#"+s.real("P.b"), "hello from py", 1)) },
			`["time","py#me","now"]`: func(s *stage, self *kernel.Context) { s.ok(self.Send("seed", "time", "py#me", "now")) },
			`["can","mon1","py#me","can"]`: func(s *stage, self *kernel.Context) {
				s.ok(self.Send("seed", "can", "mon1", "py#me", "can"))
			},
			`["mon1","P.b"]`:             func(s *stage, self *kernel.Context) { s.watch(self, "seed#"+s.real("P.b")) },
			`["kil0","myport","reason"]`: func(s *stage, self *kernel.Context) { s.ok(self.Kill("py#myport", "reason")) },
			`["g_db_family","'l","q1"]`:  func(s *stage, self *kernel.Context) { s.ok(self.Send("seed", "g_db_family", "'l", "q1")) },
		},
		sees: []string{
			"seed up: true",
			`py#me got ["now",a time]`,
			`py#me got ["can","1"]`,
			`seed#P.b ended: ["why","x"]`,
			`py#myport got ["to py",{"k":[1,"ä"]}]`,
		},
	},
	{
		files: pyFiles, self: "seed",
		options: func(o *kernel.Options) { o.Links.AuthAccept = []string{codec.AuthHMAC, codec.AuthCleartext} },
		begin:   func(s *stage) { s.port(s.real("P.b"), s.spot) },
		does: deeds{
			`["kil0","P.b","why","x"]`: func(s *stage, self *kernel.Context) { s.ok(self.Kill("seed#"+s.real("P.b"), "why", "x")) },
			`["mon1","myport"]`: func(s *stage, self *kernel.Context) {
				s.watch(self, "py#myport")
				s.ok(self.Send("py#myport", "to py", map[string]any{"k": []any{1, "ä"}}))
			},
			`["mon1","x2"]`: func(s *stage, self *kernel.Context) { s.watch(self, "py#x2") },
		},
		sees: []string{
			"py up: true",
			`seed#P.b got ["hello from py",1]`,
			`py#myport ended: ["reason"]`,
			`py#x2 ended: ["transport_error","py","connection closed by peer"]`,
			"py up: false",
		},
	},
}

func monitorB(name string) func(*stage, *kernel.Context) {
	return func(s *stage, self *kernel.Context) { s.watch(self, "b#"+s.real(name)) }
}

// spawn has node b make a port, and monitors it.
func (s *stage) spawn(self *kernel.Context, function string, args ...any) string {
	id, err := self.Spawn("b", function, args...)
	s.ok(err)
	s.watch(self, id)
	return id
}

func (s *stage) call(self *kernel.Context, number int, timeout time.Duration) {
	s.ok(self.Call("b#"+s.real("B.g"), []any{"q", number}, timeout, func(_ *kernel.Context, m codec.Message, err error) {
		s.see("answer %d: %s, %v", number, render("", m), err)
	}))
}

// fooInit makes a port that reports what it gets to the port in its first argument.
func (s *stage) fooInit(self *kernel.Context, m codec.Message) {
	s.see("Foo::init in %s: %s", self.ID(), render("", m))
	to, err := m.At(0).Text()
	s.ok(err)
	s.watch(self, to)
	self.OnDefault(func(self *kernel.Context, m codec.Message) {
		s.ok(self.Send(to, "reply", self.ID(), m.At(0), m.At(1)))
	})
}
