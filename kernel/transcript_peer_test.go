package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// perl is a connection of a recorded node, played from the recording: its lines are the
// recorded ones, save that its proof is of the nonces of now, and its messages are written
// as they were recorded. It implements loop.Handler.
type perl struct {
	loop   loop.Loop
	rand   *rand.Rand
	cut    bool // write in pieces, cut anywhere
	lines  []string
	secret []byte
	eager  bool // sends its proof without having read anything
	manual bool // the test sends the lines
	echo   bool // answers requests to send something back

	conn    loop.Conn
	pending [][]byte // pieces still to be written
	timer   loop.Timer

	reader  codec.LineReader
	theirs  []string
	decoder *codec.Decoder
	heard   []heardMessage
	ended   bool // the other side sends no more
	err     error
}

type heardMessage struct {
	port string
	args codec.Message
}

func newPerl(w *sim.World, l loop.Loop, c *recordedConn, node string, secret []byte, cut bool) *perl {
	p := &perl{loop: l, rand: w.Rand(), cut: cut, lines: c.lines[node], secret: secret}
	p.eager = len(p.lines) > 1 && p.lines[1] == "" // the simple client knows what to say without a nonce
	return p
}

func (p *perl) Open(c loop.Conn) {
	p.conn = c
	p.timer = p.loop.NewTimer(loop.Func(p.piece))
	if p.manual {
		return
	}
	n := 2
	if p.eager {
		n = 3
	}
	p.write([]byte(strings.Join(p.lines[:n], "\n") + "\n"))
}

// write puts octets behind those that are on their way.
func (p *perl) write(b []byte) {
	if !p.cut {
		p.conn.Write(b)
		return
	}
	idle := len(p.pending) == 0
	for len(b) > 0 {
		n := 1 + p.rand.IntN(min(len(b), 1<<p.rand.IntN(8)))
		p.pending = append(p.pending, b[:n])
		b = b[n:]
	}
	if idle {
		p.piece()
	}
}

func (p *perl) piece() {
	if len(p.pending) == 0 {
		return
	}
	p.conn.Write(p.pending[0])
	p.pending = p.pending[1:]
	p.timer.Reset(time.Duration(p.rand.IntN(2000)) * time.Microsecond)
}

func (p *perl) Data(_ loop.Conn, b []byte) {
	for p.decoder == nil && len(b) > 0 {
		line, rest, ok, err := p.reader.Feed(b)
		if err != nil {
			p.fail(err)
			return
		}
		if b = rest; !ok {
			return
		}
		p.theirs = append(p.theirs, string(line))
		switch len(p.theirs) {
		case 2:
			if !p.eager && !p.manual && len(p.lines) == 3 {
				p.write([]byte(p.proof() + "\n"))
			}
		case 3:
			p.verify()
		}
	}
	if p.decoder == nil {
		return
	}
	p.decoder.Feed(b)
	for p.err == nil {
		kind, body, ok, err := p.decoder.Next()
		if err != nil || kind != codec.KindMessage {
			p.fail(fmt.Errorf("frame of kind %d: %v", kind, err))
			return
		}
		if !ok {
			return
		}
		p.message(body)
	}
}

// proof is line 3, as recorded but for these nonces.
func (p *perl) proof() string {
	recorded, err := codec.ParseProof([]byte(p.lines[2]))
	if err != nil {
		p.fail(err)
	}
	recorded.Data = codec.HMACProof(p.secret, p.binding(p.lines, p.theirs))
	return string(recorded.Append(nil))
}

func (p *perl) binding(first, second []string) []byte {
	return codec.Binding([]byte(first[0]), []byte(first[1]), []byte(second[0]), []byte(second[1]))
}

// verify checks our line 3.
func (p *perl) verify() {
	proof, err := codec.ParseProof([]byte(p.theirs[2]))
	if err != nil {
		p.fail(err)
		return
	}
	want := codec.CleartextProof(p.secret)
	if proof.Method == codec.AuthHMAC {
		want = codec.HMACProof(p.secret, p.binding(p.theirs, p.lines))
	}
	f, ok := codec.ParseFraming(proof.Framing)
	if proof.Data != want || !ok || f == codec.Msgpack {
		p.fail(fmt.Errorf("line 3 is %q", p.theirs[2]))
		return
	}
	p.decoder = codec.NewDecoder(f, codec.DefaultLimits)
}

func (p *perl) message(body []byte) {
	port, m, err := codec.Split(body)
	if err != nil || port == nil {
		p.fail(fmt.Errorf("no message: %x, %v", body, err))
		return
	}
	tag, _ := m.Tag()
	if p.echo && len(port) == 0 && string(tag) == "snd" {
		p.answer(m.At(1), m.Drop(2))
		return
	}
	p.heard = append(p.heard, heardMessage{string(port), m.Clone()})
}

// answer serves the request snd.
func (p *perl) answer(to codec.Value, m codec.Message) {
	id, err := to.Text()
	if err != nil {
		p.fail(err)
		return
	}
	_, port := codec.SplitPortID(id)
	b, err := inCBOR(port, m)
	if err != nil {
		p.fail(err)
		return
	}
	p.write(b)
}

// inCBOR is a message as it is on a link in CBOR framing.
func inCBOR(port string, m codec.Message) ([]byte, error) {
	frame, err := codec.AppendFrameMessage(nil, port, m, codec.DefaultLimits)
	if err != nil {
		return nil, err
	}
	const header = 4
	return codec.AppendFrame(nil, codec.CBOR, frame[header:], codec.DefaultLimits)
}

func (p *perl) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *perl) Drained(loop.Conn) {}

// EOF: like any Perl node it leaves, too.
func (p *perl) EOF(c loop.Conn) {
	p.ended = true
	c.Close(nil)
}

func (p *perl) Closed(loop.Conn, error) {
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// idle says that everything is written.
func (p *perl) idle() bool { return len(p.pending) == 0 || p.ended }
