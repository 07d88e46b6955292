package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// Raw connections in the simulation: each is opened once and ends once, well or not; both
// ends belong to the same one; what is read is a prefix of what was written, and all of
// it if the end was orderly.

// rawStream is one direction of a raw connection, by the number of its opening.
type rawStream struct {
	octets  int
	written bool // all, and the end was said
}

// dataTime is how long a connection may take for its octets.
const dataTime = 10 * time.Second

// stream is the direction of opening number that its initiator writes, or the other one.
func (net *network) stream(number uint64, back bool) *rawStream {
	key := [2]any{number, back}
	if net.streams == nil {
		net.streams = map[[2]any]*rawStream{}
	}
	s := net.streams[key]
	if s == nil {
		s = &rawStream{octets: net.r.IntN(1 << (4 + net.r.IntN(13)))}
		net.streams[key] = s
	}
	return s
}

// contents are the octets of a stream, to be read in order.
func contents(number uint64, back bool) *rand.ChaCha8 {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], number)
	if back {
		seed[31] = 1
	}
	return rand.NewChaCha8(seed)
}

// openData opens a raw connection with a node, as a goroutine would or as a handler.
func (a *actor) openData(self *Context) {
	p, net := a.proc, a.proc.net
	node := net.nodes[net.r.IntN(len(net.nodes))].id
	timeout := min(net.exp(3*time.Second), dataTime) // or it outlasts the simulation
	net.opened++
	number := net.opened
	function := "sim::data"
	if net.oneIn(10) {
		function = "sim::nothing"
	}
	o := p.p.Begin("data", "data")
	net.met.DataOpened++
	if self != nil && net.oneIn(2) {
		p.openInPort(self, node, timeout, function, number, o.End)
		return
	}
	cancel, err := p.n.StartDialData(node, timeout, function, []any{p.id, number}, func(c *DataConn, err error) {
		o.End()
		p.opened(number, c, err)
	})
	if err != nil {
		o.End()
		return
	}
	if net.oneIn(8) {
		net.w.After(net.exp(300*time.Millisecond), cancel)
	}
}

// openInPort is OpenData in a port of its own, which dies if there is no connection.
func (p *process) openInPort(self *Context, node string, timeout time.Duration, function string, number uint64, end func()) {
	port, err := self.NewPort()
	if err != nil {
		end()
		return
	}
	if _, err := self.shard.ctx.Monitor(port.ID(), func(_ *Context, r Reason) {
		end()
		if !r.Normal() {
			p.opened(number, nil, errors.New(r.String()))
		}
	}); err != nil {
		panic(err)
	}
	self.Handle(port, "go", func(self *Context, _ codec.Message) {
		err := self.OpenData(node, timeout, function, []any{p.id, number}, func(self *Context, c net.Conn) {
			p.opened(number, c.(*DataConn), nil)
			self.Die()
		})
		if err != nil {
			self.Die(err.Error())
		}
	})
	if err := self.Send(port.ID(), "go"); err != nil {
		port.Kill()
	}
}

func (p *process) opened(number uint64, c *DataConn, err error) {
	net := p.net
	if err != nil {
		net.met.DataFailed++
		return
	}
	net.met.DataMade++
	p.use(c, number, false)
}

// serveData is the function of raw connections.
func (p *process) serveData(_ *Context, m codec.Message, c net.Conn) {
	r := m.Args()
	from, number := r.Text(), r.Uint()
	if r.Err() != nil || from != c.(*DataConn).Node() {
		p.net.h.Note(fmt.Sprint("a raw connection from ", c.(*DataConn).Node(), " with ", m))
		p.p.Left("raw connections of somebody else", 1)
	}
	if p.net.served[number] {
		p.p.Left("second ends of raw connection "+fmt.Sprint(number), 1)
	}
	p.net.served[number] = true
	switch at := c.LocalAddr().(*net.TCPAddr); {
	case from == p.id:
		p.net.met.DataHere++
	case at.Port != int(p.addr[0].Port()):
		p.net.met.DataBack++
	}
	p.use(c.(*DataConn), number, true)
}

// use writes one direction and reads the other one, each in an actor of its own.
func (p *process) use(c *DataConn, number uint64, back bool) {
	net := p.net
	if err := c.SetDeadline(p.n.Loop().Wall().Add(dataTime)); err != nil && !p.gone {
		net.met.DataBroken++
	}
	p.using++
	ends := 2
	done := func() {
		if ends--; ends == 0 {
			p.using--
			_ = c.Close() // it may be broken
		}
	}
	net.w.Go(func() { p.writeStream(c, number, back); done() })
	net.w.Go(func() { p.readStream(c, number, !back); done() })
}

func (p *process) writeStream(c *DataConn, number uint64, back bool) {
	s := p.net.stream(number, back)
	if _, err := io.CopyN(c, contents(number, back), int64(s.octets)); err == nil && c.CloseWrite() == nil {
		s.written = true
	}
}

func (p *process) readStream(c *DataConn, number uint64, back bool) {
	s := p.net.stream(number, back)
	got, err := io.ReadAll(c)
	if p.gone {
		return
	}
	want := make([]byte, s.octets)
	_, _ = contents(number, back).Read(want)
	switch {
	case len(got) > len(want) || string(got) != string(want[:len(got)]):
		p.p.Left(fmt.Sprintf("octets of raw connection %d that nobody has written", number), len(got))
	case err == nil && s.written && len(got) < len(want):
		p.p.Left(fmt.Sprintf("octets of raw connection %d that were lost unnoticed", number), len(want)-len(got))
	case err != nil:
		p.net.met.DataBroken++
	case len(got) == len(want):
		p.net.met.DataWhole++
	}
}

// dataLeftOver: in a process that is at rest nothing is known of raw connections.
func (p *process) dataLeftOver() {
	p.p.Left("raw connections in use", p.using)
	p.p.Left("ports that the program doesn't know", p.n.ports.len()-1-len(p.named))
	for _, s := range p.n.shards {
		ends, conns := s.data.machine.Len()
		p.p.Left("raw connections to be made", ends+len(s.data.ends))
		p.p.Left("raw connections in handshakes", conns+len(s.data.links))
	}
}
