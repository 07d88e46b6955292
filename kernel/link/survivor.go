package link

import (
	"errors"
	"slices"
)

// Why a Survivor closes a connection or takes the link down.
var (
	// ErrNotChosen: another connection has become the link.
	ErrNotChosen = errors.New("another connection became the link")
	// ErrConnected: there is a link, and it is alive.
	ErrConnected = errors.New("already connected")
	// ErrCrowded: too many connections with one peer at once.
	ErrCrowded = errors.New("too many connections with one peer")
	// ErrReplaced: the peer has chosen another connection, so it has lost this one.
	ErrReplaced = errors.New("the peer chose another connection")
	// ErrUnanswered: the link gave no sign of life while another connection waits.
	ErrUnanswered = errors.New("no answer while a new connection waits")
)

// maxCandidates bounds the connections with one peer that aren't the link. A peer
// has a few addresses and dials another one every tick; those of two sides may cross.
const maxCandidates = 8

// ActionKind is what a Survivor wants done.
type ActionKind uint8

const (
	SendProof ActionKind = iota // write line 3 on Conn
	Close                       // close Conn, for the Reason
	Up                          // Conn is the link now
	Probe                       // ask the link Conn for a sign of life; Urgent: another process claims the ID
	TakeDown                    // the link Conn is dead, for the Reason: close it, fire its monitors, then Idle
)

func (k ActionKind) String() string {
	return [...]string{"send-proof", "close", "up", "probe", "take-down"}[k]
}

// An Action is one thing to do, in the order in which they are returned.
type Action struct {
	Do     ActionKind
	Conn   int
	Urgent bool
	Reason error
}

// A Survivor chooses which of the connections with one peer is the link (protocol
// 2.5). Connections are numbers that the caller never uses twice. It is told of
// each connection from Ready on, and of its end; the end of one that it closed or
// took down itself means nothing any more.
//
// # Who decides
//
// Of two nodes of ours the one with the lower ID decides, and with the original
// always we. The decider waits until the peer has proved itself and then sends its
// own proof on one connection only, which thereby is the link. The other side
// sends its proof on each connection at once. Its link is the one on which the
// decider's proof comes, and it must not close the others: one of them may be the
// decider's next choice.
//
// It sends nothing, however, to another process than the link's while there is a
// link: that process would take the connection for a link of its own. Who decides
// hasn't chosen yet then, so nobody is up.
//
// A choice may come late: the decider has lost that link since, and chosen another one,
// on which its proof came sooner. To take it would bring up a dead link, and messages of
// the past with it. So the decider chooses only connections that were opened after its
// last choice (the caller refuses the others), and the other side ignores a choice if it
// knows one of a connection that became ready later.
//
// # Waiting connections
//
// A connection on which the peer has proved itself and that is neither brought up nor
// closed is held: the caller doesn't read it. One on which we haven't proved
// ourselves, although the other side decides, is withheld. Both wait for one of two
// things: that the living link answers a probe, or that a dead one's monitors have
// all fired (Idle). Until then nothing comes up, so the peer is never up twice and no
// message overtakes a monitor.
type Survivor struct {
	// Yield makes the other side decide always. For a node that plays the
	// original (Config.Extensions is false), since a node of ours decides then.
	Yield bool

	lower      bool // our ID is
	probing    bool
	urgent     bool // of the running probe
	state      linkState
	ready      uint32      // how many there were
	newest     uint32      // order of the newest one that the peer chose
	candidates []candidate // in the order of Ready, but held ones in the order of Verified, at the end
	link       candidate
}

type candidate struct {
	conn     int
	instance string
	order    uint32 // of Ready
	decide   bool   // by us
	proved   bool   // our line 3 is out
	held     bool   // verified
}

// withheld: the peer decides, and waits for our proof.
func (c candidate) withheld() bool { return !c.decide && !c.proved }

func (c candidate) waits() bool { return c.held || c.withheld() }

type linkState uint8

const (
	noLink  linkState = iota // the next one may come up
	linkUp                   // there is one
	failing                  // monitors of a lost one are still firing
)

// NewSurvivor is for the connections of the node self with the node peer.
func NewSurvivor(self, peer string) *Survivor { return &Survivor{lower: self < peer} }

// Link is the connection that is the link, if there is one.
func (s *Survivor) Link() (conn int, ok bool) { return s.link.conn, s.state == linkUp }

// Empty says that nothing is known of the peer: the Survivor can be thrown away.
func (s *Survivor) Empty() bool { return s.state == noLink && len(s.candidates) == 0 }

// Ready: the handshake of conn has come to where line 3 could be sent.
// extended and instance are those of its Peer.
func (s *Survivor) Ready(conn int, extended bool, instance string) []Action {
	var do []Action
	if len(s.candidates) == maxCandidates {
		if s.candidates[0].held {
			return []Action{{Do: Close, Conn: conn, Reason: ErrCrowded}}
		}
		// The oldest that has proved nothing goes: strangers can't keep the peer out.
		do = append(do, Action{Do: Close, Conn: s.candidates[0].conn, Reason: ErrCrowded})
		s.candidates = slices.Delete(s.candidates, 0, 1)
	}
	s.ready++
	c := candidate{conn: conn, order: s.ready, instance: instance, decide: s.Decides(extended)}
	c.proved = !c.decide && !s.isStranger(c)
	s.candidates = slices.Insert(s.candidates, s.firstHeld(), c)
	switch {
	case c.proved:
		do = append(do, Action{Do: SendProof, Conn: conn})
	case c.withheld():
		do = append(do, s.probe(true)...)
	}
	return do
}

// isStranger says that c is of another process than the link's.
func (s *Survivor) isStranger(c candidate) bool {
	return s.state == linkUp && c.instance != s.link.instance
}

// probe has the link asked, unless that is under way and no less urgent.
func (s *Survivor) probe(urgent bool) []Action {
	if s.probing && (s.urgent || !urgent) {
		return nil
	}
	s.probing, s.urgent = true, urgent
	return []Action{{Do: Probe, Conn: s.link.conn, Urgent: urgent}}
}

// Decides says whether the decision is ours. extended is the peer's.
func (s *Survivor) Decides(extended bool) bool {
	return !s.Yield && (!extended || s.lower)
}

// firstHeld is where the held candidates begin.
func (s *Survivor) firstHeld() int {
	for i, c := range s.candidates {
		if c.held {
			return i
		}
	}
	return len(s.candidates)
}

// Verified: the peer's line 3 on conn is right.
func (s *Survivor) Verified(conn int) []Action {
	c, ok := s.remove(conn)
	if !ok {
		return nil
	}
	if !c.decide {
		if c.order < s.newest {
			return []Action{{Do: Close, Conn: conn, Reason: ErrNotChosen}}
		}
		s.newest = c.order
	}
	c.held = true
	s.candidates = append(s.candidates, c)
	switch s.state {
	case noLink:
		return s.choose()
	case linkUp:
		return s.contest(c)
	}
	return nil
}

// contest: c is verified while there is a link. The same process as the link's,
// if it decides, has lost the link, or it wouldn't have chosen c. Otherwise the link is asked.
func (s *Survivor) contest(c candidate) []Action {
	stranger := s.isStranger(c)
	if !c.decide && !stranger {
		return s.takeDown(ErrReplaced)
	}
	return s.probe(stranger)
}

// choose brings up the held connection that was verified last, the likeliest to be
// alive, if there is one.
func (s *Survivor) choose() []Action {
	n := len(s.candidates)
	if n == 0 || !s.candidates[n-1].held {
		return nil
	}
	c := s.candidates[n-1]
	s.candidates = s.candidates[:n-1]
	s.link, s.state = c, linkUp
	var do []Action
	if !c.proved {
		do = append(do, Action{Do: SendProof, Conn: c.conn})
	}
	do = append(do, Action{Do: Up, Conn: c.conn})
	do = append(do, s.closeWhere(ErrNotChosen, func(c candidate) bool { return c.held || c.decide })...)
	if len(s.candidates) == 0 {
		s.candidates = nil // as a rule there are no more
	}
	return do
}

// closeWhere closes candidates, save those that the peer may yet choose.
func (s *Survivor) closeWhere(reason error, which func(candidate) bool) []Action {
	var do []Action
	s.candidates = slices.DeleteFunc(s.candidates, func(c candidate) bool {
		if !which(c) {
			return false
		}
		do = append(do, Action{Do: Close, Conn: c.conn, Reason: reason})
		return true
	})
	return do
}

// Lost: conn has ended. If it was the link, its monitors have to fire; then comes Idle.
func (s *Survivor) Lost(conn int) []Action {
	if s.state == linkUp && s.link.conn == conn {
		s.drop()
		return nil
	}
	s.remove(conn)
	return nil
}

// AttemptFailed: there is no link, what was queued for one is lost, and the monitors are
// firing. Nothing comes up before Idle.
func (s *Survivor) AttemptFailed() {
	if s.state == noLink {
		s.state = failing
	}
}

func (s *Survivor) remove(conn int) (candidate, bool) {
	i := slices.IndexFunc(s.candidates, func(c candidate) bool { return c.conn == conn })
	if i < 0 {
		return candidate{}, false
	}
	c := s.candidates[i]
	s.candidates = slices.Delete(s.candidates, i, i+1)
	return c, true
}

func (s *Survivor) takeDown(reason error) []Action {
	conn := s.link.conn
	s.drop()
	return []Action{{Do: TakeDown, Conn: conn, Reason: reason}}
}

func (s *Survivor) drop() {
	s.link, s.state = candidate{}, failing
	s.probing = false
}

// ProbeAnswered: the link has given the sign of life that Probe asked for.
func (s *Survivor) ProbeAnswered() []Action {
	if !s.probing {
		return nil
	}
	s.probing = false
	return s.closeWhere(ErrConnected, candidate.waits)
}

// ProbeFailed: the link gave no sign of life within 2 s of Probe. If nobody waits
// any more, that is a matter of the link's own liveness. The caller stops its timer
// when the link ends, lest it speak of the next one.
func (s *Survivor) ProbeFailed() []Action {
	if !s.probing {
		return nil
	}
	s.probing = false
	if !slices.ContainsFunc(s.candidates, candidate.waits) {
		return nil
	}
	return s.takeDown(ErrUnanswered)
}

// Idle: all monitors have fired that a lost link or a failed attempt had to fire.
// The next link may come up.
func (s *Survivor) Idle() []Action {
	if s.state != failing {
		return nil
	}
	s.state = noLink
	do := s.choose()
	return append(do, s.release()...)
}

// release proves us on the withheld connections, save those that are still, or
// again, of another process than the link's: for them the link is asked.
func (s *Survivor) release() (do []Action) {
	var strangers bool
	for i := range s.candidates {
		c := &s.candidates[i]
		switch {
		case !c.withheld():
		case s.isStranger(*c):
			strangers = true
		default:
			c.proved = true
			do = append(do, Action{Do: SendProof, Conn: c.conn})
		}
	}
	if strangers {
		do = append(do, s.probe(true)...)
	}
	return do
}
