package kernel

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Handler gets a message in the context of the port that it was sent to. It runs
// on the port's loop, one at a time for each port, and must not block. m is borrowed:
// Clone what is to be kept. A panic kills the port with reason "die".
type Handler func(self *Context, m codec.Message)

// A Port receives messages. It lives on one loop until it dies; then only a name
// that a program has chosen (NewNamedPort) can be used again. Its methods may be
// called from any goroutine; what they change takes effect in order with the
// caller's messages to the port.
type Port struct {
	node  *Node
	shard *shard
	name  string
	dead  atomic.Bool
	cause Reason // of its death, once it is dead
	box   *mailbox
	// service takes everything, and is told who sent it; nil: handlers do.
	service func(m codec.Message, from *feed)

	// The rest belongs to the shard.
	ctx      Context
	tags     map[string]*tagged
	latest   *tagged // whose turn it was
	fallback Handler
	lax      bool // ignores what it has no handler for
	spawned  bool
	watchers watchers // of this port's death
	watching watching // monitors that this port holds
	timers   map[*Timer]struct{}
}

// newPort makes a port on a shard. The caller may be on any goroutine.
func (n *Node) newPort(s *shard, name string, set func(*Port)) (*Port, error) {
	if n.closing.Load() {
		return nil, ErrClosed
	}
	p := &Port{node: n, shard: s, name: name}
	p.ctx = Context{port: p, shard: s}
	if set != nil {
		set(p)
	}
	v, added := n.ports.getOrPut(name, n.maxPorts, func() *Port { return p })
	switch {
	case v == nil:
		return nil, fmt.Errorf("%w: %d ports", ErrTooMany, n.maxPorts)
	case !added:
		return nil, &IDError{"port name", name, errInUse}
	}
	return p, nil
}

// ID is the port's full name, NODE#PORT.
func (p *Port) ID() string { return p.node.id + "#" + p.name }

// Alive says whether the port may still receive. It can die at any moment.
func (p *Port) Alive() bool { return !p.dead.Load() }

// Node is the node that the port lives on.
func (p *Port) Node() *Node { return p.node }

// On sets the handler for messages whose first argument is tag; it gets the
// arguments after the tag. A nil handler removes it.
func (p *Port) On(tag string, h Handler) {
	p.change(func() { p.on(tag, h) })
}

func (p *Port) on(tag string, h Handler) {
	if p.spawned && p.fallback == nil && p.tags == nil {
		p.lax = true
	}
	if h == nil {
		delete(p.tags, tag)
		p.latest = nil
		return
	}
	if p.tags == nil {
		p.tags = map[string]*tagged{}
	}
	p.tags[tag] = newTagged(tag, h)
	p.latest = nil
}

// OnDefault sets the handler for all messages that no tag's handler takes; it gets
// all arguments. A nil handler removes it.
func (p *Port) OnDefault(h Handler) {
	p.change(func() { p.fallback = h })
}

// Kill ends the port. Without a reason it is a normal death.
func (p *Port) Kill(reason ...any) {
	p.kill(NewReason(reason...))
}

func (p *Port) kill(r Reason) { p.change(func() { p.die(r) }) }

// change runs f on the port's shard, after what the caller has sent to the port.
func (p *Port) change(f func()) {
	task := func() {
		if !p.dead.Load() {
			f()
		}
	}
	if p.shard.loop.Inside() { // the caller's messages don't take the inbox
		p.shard.to(p.shard, loop.Func(task))
		return
	}
	p.shard.enter(task)
}

// deliver hands a message to the port; on its shard.
func (p *Port) deliver(m codec.Message, f *feed) {
	if p.dead.Load() {
		p.node.drops.dead.Add(1)
		return
	}
	if p.box != nil {
		p.box.put(m, f)
		return
	}
	if t := p.latest; t != nil { // messages with the same tag tend to come in rows
		if rest, ok := m.CutIf(t.tag); ok {
			p.call(t.handler, rest)
			return
		}
	}
	if p.tags != nil {
		if tag, rest, ok := m.CutTag(); ok {
			if t := p.tags[string(tag)]; t != nil {
				p.latest = t
				p.call(t.handler, rest)
				return
			}
		}
	}
	if p.fallback != nil {
		p.call(p.fallback, m)
		return
	}
	if p.service != nil {
		p.service(m, f)
		return
	}
	if p.lax {
		p.node.drops.unhandled.Add(1)
		return
	}
	p.die(unhandled(m))
}

// tagged is a tag's handler.
type tagged struct {
	tag     string
	handler Handler

	// The tag as a message's first argument. If that is short it is compared at one stroke.
	first      string
	word, mask uint64
}

const wordSize = 8

func newTagged(tag string, h Handler) *tagged {
	first, _ := codec.AppendArgs(nil, []any{tag}) // can't fail: a text
	t := &tagged{tag: tag, handler: h, first: string(first)}
	if n := len(first); n <= wordSize {
		t.mask = 1<<(8*n) - 1
		t.word = binary.LittleEndian.Uint64(append(first, make([]byte, wordSize)...)) & t.mask
	}
	return t
}

// begins says whether arguments begin with the tag. More than those may follow in b.
func (t *tagged) begins(b []byte, args int) bool {
	if t.mask != 0 && len(b) >= wordSize {
		return binary.LittleEndian.Uint64(b)&t.mask == t.word && args >= len(t.first)
	}
	return args >= len(t.first) && string(b[:len(t.first)]) == t.first
}

// deliver hands the messages of a run to its port, whose turn it is on its shard.
func (b *block) deliver(r *run, end int) {
	p := r.port
	for b.at < end {
		at, next, n := b.take()
		if t := p.latest; t != nil && t.begins(b.data[at:], next-at) { // the port lives, and its handlers get what comes
			t.handler(&p.ctx, codec.ArgsMessageIn(b.data, at+len(t.first), next, n-1))
			continue
		}
		p.deliver(codec.ArgsMessageIn(b.data, at, next, n), r.feed)
	}
}

// call runs a handler in the port's context. One that panics kills its port: whoever
// recovers, once for many messages, learns from the shard which that is.
func (p *Port) call(h Handler, m codec.Message) {
	before := p.shard.calling
	p.shard.calling = p
	h(&p.ctx, m)
	p.shard.calling = before
}

// panicked deals with a panic in a handler, and reports false if it was elsewhere. It is
// called where that was recovered.
func (s *shard) panicked(r any) bool {
	p := s.calling
	if p == nil {
		return false
	}
	s.calling = nil
	p.panicked(r)
	return true
}

func (p *Port) panicked(r any) {
	msg := fmt.Sprint(r) // which lives through a panic in r's own methods
	p.node.log.Error("handler failed", "node", p.node.id, "port", p.name, "reason", msg, "stack", string(debug.Stack()))
	p.node.panics.Add(1)
	p.die(die(msg))
}

// unhandled is the reason of a port that got what it has no handler for.
func unhandled(m codec.Message) Reason {
	tag := ""
	if m.Len() > 0 {
		t, err := m.At(0).Text()
		if err != nil {
			t = m.At(0).String()
		}
		tag = strings.Map(func(r rune) rune {
			if r < 0x20 || r > 0x7e {
				return '.'
			}
			return r
		}, t)
		if r := []rune(tag); len(r) > tagInReason {
			tag = string(r[:tagInReason])
		}
	}
	return NewReason(ReasonUnhandled, "no callback found for message '"+tag+"'")
}

// die ends the port: no message reaches it any more, and whoever watches it is told. On its shard.
func (p *Port) die(r Reason) {
	if p.dead.Swap(true) {
		return
	}
	s := p.shard
	p.cause = r
	if p.spawned {
		p.node.obituaries.bury(p.name, r) // before the port can't be found any more
	}
	p.node.ports.remove(p.name, p)
	if t := p.node.trace; t != nil {
		t.onDied(p)
	}
	if !r.Normal() {
		p.node.log.Debug("port died", "node", p.node.id, "port", p.name, "reason", r.String())
	}
	p.watchers.fire(s, r)
	p.watching.cancelAll(s)
	for t := range p.timers {
		t.t.Stop()
	}
	p.timers = nil
	if p.box != nil {
		p.box.close(r)
	}
	p.tags, p.latest, p.fallback = nil, nil, nil
}
