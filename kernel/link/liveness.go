package link

import (
	"time"

	"github.com/aemp-go/aemp/codec"
)

// Timing holds a link's times.
type Timing struct {
	// Handshake bounds the whole of it, so that a peer that sends an octet a
	// second can't hold a connection for ever. The original's monitor_timeout.
	Handshake time.Duration
	// Heartbeat is how often a link with nothing else to send shows that it
	// lives, and how often silence is looked for.
	Heartbeat time.Duration
	// Silence of a peer of ours ends the link. A peer that doesn't read, because it
	// is busy, still sends heartbeats.
	Silence time.Duration
	// Ask is the silence after which a peer without our extensions is asked for an
	// echo: only that tells a deaf or stopped one from an idle one.
	Ask time.Duration
	// ForeignSilence ends the link with a peer without our extensions, unless it
	// still takes data. Longer than such a program may block in a callback.
	ForeignSilence time.Duration
}

// DefaultTiming notices a dead peer within seconds.
var DefaultTiming = Timing{
	Handshake:      30 * time.Second,
	Heartbeat:      time.Second,
	Silence:        5 * time.Second,
	Ask:            3 * time.Second,
	ForeignSilence: 10 * time.Second,
}

// extended: both sides speak the control frames, and our direction can carry them.
func (l *Link) extended() bool {
	return l.agreed.Peer.Kinds.Has(codec.KindControl) && l.agreed.Out == codec.Msgpack
}

// tick runs once a heartbeat while the link is up.
func (l *Link) tick() {
	if l.phase != up {
		return
	}
	l.timer.Reset(l.timing.Heartbeat)
	switch {
	case l.heard || l.pauses > 0: // while we don't read, silence is our own doing
		l.silent = 0
	default:
		l.silent++
	}
	if !l.heard {
		l.dec.Trim()
	}
	l.heard = false
	if l.isOverloaded() {
		l.Close(&Lost{Kind: LostOverload})
		return
	}
	l.out.Trim()
	if l.extended() {
		if l.silence() >= l.timing.Silence {
			l.Close(&Lost{Kind: LostSilent, After: l.silence()})
			return
		}
		l.beat()
		return
	}
	if n := l.conn.Buffered(); n > 0 && n != l.buffered {
		l.silent = 0 // it takes data
	}
	l.buffered = l.conn.Buffered()
	if l.silence() >= l.timing.ForeignSilence {
		l.Close(&Lost{Kind: LostSilent, After: l.silence()})
		return
	}
	if l.silence() >= l.timing.Ask {
		l.askEcho()
	}
}

// overloadGrace is how long a queue may stay at its hard limit before the link is reset.
const overloadGrace = 10 * time.Second

// isOverloaded is asked at each heartbeat: handlers can't wait, so a reset is the only way
// in which what they couldn't send becomes known. Nobody asks for a Flush any more then.
func (l *Link) isOverloaded() bool {
	if n, _ := l.out.Level(); n < l.out.rules.Marks.Hard {
		l.full = 0
		return false
	}
	l.full++
	return time.Duration(l.full)*l.timing.Heartbeat > overloadGrace
}

// silence is for how long nothing has come, as far as that isn't our own doing.
func (l *Link) silence() time.Duration { return time.Duration(l.silent) * l.timing.Heartbeat }

// Probe asks the peer for a sign of life; Owner.ProbeAnswered tells of it.
func (l *Link) Probe() {
	if l.phase != up {
		return
	}
	l.probing = true
	l.fresh = false
	l.seq++
	if l.extended() {
		l.send(codec.Control{Op: codec.OpPing, Seq: l.seq})
		return
	}
	l.askEcho()
}

// Fresh says whether something was heard since Probe, or since Fresh was last asked. While
// we don't read, silence is our own doing: a stranger could ask at just that time.
func (l *Link) Fresh() bool {
	fresh := l.fresh || l.pauses > 0
	l.fresh = false
	return fresh
}

// askEcho has the peer send a message back to us (protocol 4, snd). The port exists
// for the link only; its name can't be a port's.
func (l *Link) askEcho() {
	m, err := codec.MessageOf("snd", l.cfg.Node+"#"+echoPort, l.seq)
	if err != nil {
		panic(err) // plain values
	}
	l.echoes = true
	_, _ = l.out.Message(Outside, "", DefaultMarks.Hard, m) // an overfull queue is a sign of its own
	l.Flush(true)
}

const echoPort = "-link-echo"

// heartbeat is a ping that wants no answer.
var heartbeat = codec.AppendControl(nil, codec.Control{Op: codec.OpPing})

// beat sends a heartbeat. A link with nothing to send needs no buffer for it.
func (l *Link) beat() {
	l.Settle()
	if !l.out.Beat(l.conn, heartbeat) {
		l.send(codec.Control{Op: codec.OpPing})
	}
}

func (l *Link) send(c codec.Control) {
	l.out.Control(c)
	l.Flush(true)
}

func (l *Link) control(body []byte) error {
	c, err := codec.ParseControl(body)
	if err != nil {
		return err
	}
	switch c.Op {
	case codec.OpPing:
		if c.Seq > 0 {
			l.send(codec.Control{Op: codec.OpPong, Seq: c.Seq})
		}
	case codec.OpPong:
		l.answered(c.Seq)
	default:
		return &Lost{Kind: LostUnnegotiated, Detail: "control frame"}
	}
	return nil
}

// answered: the sign of life that Probe asked for.
func (l *Link) answered(seq uint64) {
	if l.probing && seq == l.seq {
		l.probing = false
		l.owner.ProbeAnswered(l)
	}
}
