package kernel_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// These tests put a node of ours in the place of a recorded Perl node. The other one says
// what it said then, octet for octet, and a program on our node does what the Perl program
// did. What our node sends must be what was recorded, message for message, or what the
// list of differences allows.
//
// 11_tls_same_cert isn't among them: what it holds from the third line on is encrypted with
// keys that nobody has any more. 06 and 07 are about the database, 10 is in
// transcript_dataconn_test.go.

const (
	transcriptWait   = 5 * time.Second       // for a message that has to come
	transcriptSettle = 10 * time.Millisecond // for what was written to arrive and to be worked off
	transcriptRest   = 3 * time.Second       // for what must not come; shorter than a link may be silent unasked
)

func TestTranscriptNodesAnswerAsPerlNodesDid(t *testing.T) {
	used := map[*difference]bool{}
	ran, all := 0, 0
	for i := range roles {
		for _, file := range roles[i].files {
			all++
			t.Run(fmt.Sprintf("%s/as %s", file, roles[i].self), func(t *testing.T) {
				ran++
				rec := readRecording(t, file)
				for seed := range uint64(20) {
					s := newStage(t, rec, &roles[i], seed, used)
					s.play()
					s.close()
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		}
	}
	for i := range differences {
		if d := &differences[i]; ran == all && !used[d] {
			t.Errorf("%v is allowed to differ but doesn't: %q, %q", d.files, d.recorded, d.ours)
		}
	}
}

// stage is one run: our node with its program, and the recorded node.
type stage struct {
	*testing.T
	w      *sim.World
	rec    *recording
	conn   *recordedConn
	role   *role
	used   map[*difference]bool
	node   *kernel.Node
	addr   netip.AddrPort // the recorded node's
	peer   *perl
	loops  int               // of our node
	next   int               // of what the peer has heard
	names  map[string]string // recorded generated names to ours
	done   map[string]bool   // the program's deeds
	sights []string          // what the program saw
}

func newStage(t *testing.T, rec *recording, r *role, seed uint64, used map[*difference]bool) *stage {
	if len(rec.conns) != 1 {
		t.Fatalf("%d connections", len(rec.conns))
	}
	s := &stage{
		T: t, w: sim.New(sim.Options{Seed: seed, Whole: seed == 0}), rec: rec, conn: rec.conns[0], role: r, used: used,
		loops: 1 + int(seed%4), names: map[string]string{}, done: map[string]bool{},
	}
	host, theirs := s.w.Host("ours"), s.w.Host("perl")
	o := kernel.Options{Links: link.Config{Node: r.self, Secret: rec.secretOf(r.self), Extensions: true}}
	if r.options != nil {
		r.options(&o)
	}
	n, err := kernel.New(host.Group(s.loops), o)
	if err != nil {
		t.Fatal(err)
	}
	s.node = n
	other := rec.other(r.self)
	s.peer = newPerl(s.w, theirs.Group(1).Loops()[0], s.conn, other, rec.secretOf(other), seed > 0)
	n.WatchNodes(func(node string, up bool) {
		s.see("%s up: %v", node, up)
	})
	if r.begin != nil {
		r.begin(s)
	}
	if r.self == rec.nodes[0] {
		s.dial(theirs)
	} else {
		s.listen(host)
	}
	return s
}

// dial: our node is the one that connects, now or when its program first needs the other.
func (s *stage) dial(theirs *sim.Host) {
	s.addr = netip.AddrPortFrom(theirs.Addr(), 4040)
	s.w.Do(s.peer.loop, func() {
		if _, err := s.peer.loop.Listen(s.addr, func(netip.AddrPort) loop.Handler { return s.peer }); err != nil {
			s.Fatal(err)
		}
	})
	s.node.SetAddresses(s.rec.nodes[1], s.addr)
	if !s.role.joins {
		return
	}
	s.w.Do(s.node.Loop(), func() {
		s.node.DialSeed(s.addr, func(node string, err error) {
			if node != s.rec.nodes[1] || err != nil {
				s.Errorf("seed: %q, %v", node, err)
			}
		})
	})
}

func (s *stage) listen(host *sim.Host) {
	addr := netip.AddrPortFrom(host.Addr(), 4040)
	s.node.Listen([]netip.AddrPort{addr}, func(_ []netip.AddrPort, err error) {
		if err != nil {
			s.Fatal(err)
		}
		s.w.After(0, func() {
			s.w.Do(s.peer.loop, func() { s.peer.loop.Dial(addr, time.Second, s.peer) })
		})
	})
}

func (s *stage) close() { s.w.Close() }

// see notes what the program sees, in the recording's symbols.
func (s *stage) see(format string, args ...any) {
	s.sights = append(s.sights, s.symbolic(fmt.Sprintf(format, args...)))
}

// play goes through the recorded events in their order: what our node said then it has to
// say now, and what the other said it says now.
func (s *stage) play() {
	events := s.conn.events
	var start time.Duration
	if s.role.joins || s.role.self == s.rec.nodes[1] {
		if !s.w.RunUntil(transcriptWait, func() bool { return len(s.peer.theirs) == 3 && s.peer.idle() }) {
			s.Fatalf("no handshake: %q, %v", s.peer.theirs, s.peer.err)
		}
		start = s.w.Now() - events[0].at
	}
	for i := 0; i < len(events) && !s.Failed(); i++ {
		e := events[i]
		s.w.Run(max(s.w.Now(), start+e.at))
		if e.from == s.role.self {
			s.ours(e)
			if i == 0 && start == 0 {
				start = s.w.Now() - e.at
			}
			continue
		}
		raw := s.rename(e)
		for ; i+1 < len(events) && events[i+1].follows(e); i++ {
			raw = append(raw, s.rename(events[i+1])...)
		}
		s.theirs(raw, e.eof)
	}
	s.w.Run(s.w.Now() + transcriptRest)
	s.finish()
}

// theirs: the peer writes, and our node works it off.
func (s *stage) theirs(raw []byte, eof bool) {
	s.w.Do(s.peer.loop, func() {
		if eof {
			s.peer.conn.CloseWrite()
			return
		}
		s.peer.write(raw)
	})
	if !s.w.RunUntil(transcriptWait, s.peer.idle) {
		s.Fatal("the peer can't write")
	}
	s.w.Run(s.w.Now() + transcriptSettle)
}

// ours: our program does what made the recorded node send e, and our node has to send the same.
func (s *stage) ours(e recordedEvent) {
	if e.eof {
		s.leave()
		return
	}
	if e.none {
		return
	}
	title := s.symbolic(render(e.port, e.args))
	if do := s.role.does[title]; do != nil {
		s.done[title] = true
		if err := s.node.Do(func(self *kernel.Context) { do(s, self) }); err != nil {
			s.Fatal(err)
		}
	}
	rule := s.allowed(title)
	if rule != nil && rule.ours == "" {
		return
	}
	for {
		got, ok := s.hear(transcriptWait)
		if !ok {
			s.Errorf("%s isn't sent (%v)", title, s.peer.err)
			return
		}
		switch {
		case rule == nil && s.same(e, got):
			return
		case rule != nil && rule.fits(s, got):
			return
		case !s.extra(got):
			s.Errorf("sent %s, recorded %s", s.title(got), title)
			return
		}
	}
}

// leave: the recorded node closed the connection. Ours does if it is what ended first, and
// if the other has.
func (s *stage) leave() {
	if !s.peer.ended {
		s.node.StartClose(func(unsent map[string]int) {
			if len(unsent) > 0 {
				s.Errorf("unsent: %v", unsent)
			}
		})
	}
	if !s.w.RunUntil(transcriptWait, func() bool { return s.peer.ended }) {
		s.Error("the connection isn't closed")
	}
}

// hear is what our node has sent next.
func (s *stage) hear(limit time.Duration) (heardMessage, bool) {
	if !s.w.RunUntil(limit, func() bool { return len(s.peer.heard) > s.next }) {
		return heardMessage{}, false
	}
	s.next++
	return s.peer.heard[s.next-1], true
}

func (s *stage) finish() {
	for {
		m, ok := s.hear(0)
		if !ok {
			break
		}
		if !s.extra(m) {
			s.Errorf("sent beside what was recorded: %s", s.title(m))
		}
	}
	if s.peer.err != nil {
		s.Error(s.peer.err)
	}
	if s.peer.decoder == nil || s.peer.decoder.Buffered() > 0 {
		s.Error("what was sent ends inside a message")
	}
	for title := range s.role.does {
		if !s.done[title] {
			s.Errorf("not in the recording: %s", title)
		}
	}
	for _, name := range s.role.generated {
		if s.names[s.real(name)] == "" {
			s.Errorf("%s has no counterpart", name)
		}
	}
	saw, want := s.sights, slices.Clone(s.role.sees)
	if s.loops > 1 { // then what happens to two ports has no order
		slices.Sort(saw)
		slices.Sort(want)
	}
	if !slices.Equal(saw, want) {
		s.Errorf("the program saw\n\t%s\nwant\n\t%s", strings.Join(saw, "\n\t"), strings.Join(want, "\n\t"))
	}
	for _, p := range s.w.Panics {
		s.Error(p)
	}
	s.sameProof(s.conn.lines[s.role.self][2], s.peer.theirs[2])
}

// sameProof compares line 3. What it proves the peer has checked.
func (s *stage) sameProof(recorded, ours string) {
	want, err := codec.ParseProof([]byte(recorded))
	s.ok(err)
	got, err := codec.ParseProof([]byte(ours))
	s.ok(err)
	if want.Method != got.Method || want.Framing != got.Framing {
		s.Errorf("line 3 is %q, recorded %q", ours, recorded)
	}
}

// same says whether a message means what was recorded. Names that our node generates are
// matched one to one with the recorded ones.
func (s *stage) same(e recordedEvent, got heardMessage) bool {
	if s.ourName(e.port, "") != got.port || e.args.Len() != got.args.Len() {
		return false
	}
	for i := range e.args.Len() {
		want, have := e.args.At(i), got.args.At(i)
		if text, ok := plain(want).(string); ok {
			if have, ok := plain(have).(string); !ok || have != s.ourName(text, have) {
				return false
			}
			continue
		}
		if !want.Equal(have) {
			return false
		}
	}
	return true
}

// ourName is what stands in our messages for a recorded text: the text itself, or
// our name for a generated one, alone or in a port ID. One that is seen for the
// first time is given the name in have.
func (s *stage) ourName(text, have string) string {
	node, name, isID := strings.Cut(text, "#")
	if !isID {
		node, name = "", text
	} else {
		node += "#"
	}
	if !slices.Contains(s.role.generated, s.symbolic(name)) {
		return text
	}
	if ours := s.names[name]; ours != "" {
		return node + ours
	}
	ours, ok := strings.CutPrefix(have, node)
	if !ok || ours == "" || strings.Contains(ours, "#") {
		return text
	}
	for _, other := range s.names {
		if other == ours {
			return text // taken
		}
	}
	s.names[name] = ours
	return node + ours
}

// rename is what the peer sends: as recorded, with our names for those that our node generates.
func (s *stage) rename(e recordedEvent) []byte {
	raw := slices.Clone(e.raw)
	for recorded, ours := range s.names {
		for _, node := range []string{"", s.rec.nodes[0] + "#", s.rec.nodes[1] + "#"} {
			raw = []byte(strings.ReplaceAll(string(raw), cborBytes(node+recorded), cborBytes(node+ours)))
			raw = []byte(strings.ReplaceAll(string(raw), `"`+node+recorded+`"`, `"`+node+ours+`"`))
		}
	}
	return raw
}

// cborBytes is a short CBOR byte string.
func cborBytes(s string) string {
	const byteString, oneOctet, inHead = 0x40, 24, 24
	if len(s) < inHead {
		return string([]byte{byteString + byte(len(s))}) + s
	}
	return string([]byte{byteString + oneOctet, byte(len(s))}) + s
}

// symbolic puts symbols for the recording's random names, so that one text serves for
// several recordings; with generated ones of ours it does the same.
func (s *stage) symbolic(text string) string {
	for recorded, ours := range s.names {
		text = strings.ReplaceAll(text, ours, recorded)
	}
	for symbol, prefix := range portPrefixes[s.rec.file] {
		text = strings.ReplaceAll(text, prefix, symbol+".")
	}
	return text
}

// real is a name as it was recorded.
func (s *stage) real(name string) string {
	symbol, rest, _ := strings.Cut(name, ".")
	prefix, ok := portPrefixes[s.rec.file][symbol]
	if !ok {
		s.Fatalf("no symbol %q", name)
	}
	return prefix + rest
}

func (s *stage) title(m heardMessage) string { return s.symbolic(render(m.port, m.args)) }

// port makes a port of our node with a recorded name.
func (s *stage) port(name string, h kernel.Handler) {
	p, err := s.node.NewNamedPort(name)
	if err != nil {
		s.Fatal(err)
	}
	p.OnDefault(h)
}

// watch monitors a port or node, and says what it saw.
func (s *stage) watch(self *kernel.Context, target string) *kernel.Monitor {
	m, err := self.Monitor(target, func(_ *kernel.Context, r kernel.Reason) {
		s.see("%s ended: %s", target, render("", r.Args()))
	})
	s.ok(err)
	return m
}

func (s *stage) ok(err error) {
	if err != nil {
		s.Error(err)
	}
}

// spot is a handler that says what came.
func (s *stage) spot(self *kernel.Context, m codec.Message) {
	what := render("", m)
	if last := m.At(m.Len() - 1); last.Kind() == codec.Float {
		what = strings.Replace(what, render("", m.Drop(m.Len()-1))[1:], "a time]", 1)
	}
	s.see("%s got %s", self.ID(), what)
}
