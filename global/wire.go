package global

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// A MessageError says that a peer sent a database message which is nonsense.
type MessageError struct {
	Tag string // of the message
	Err error  // what is wrong with it
}

func (e *MessageError) Error() string { return fmt.Sprintf("malformed %s: %v", e.Tag, e.Err) }
func (e *MessageError) Unwrap() error { return e.Err }

// A composition is a message that is being appended to the Machine's buffer. Only one
// can be at a time.
type composition struct {
	m  *Machine
	at int // where it begins
	n  int // arguments so far
}

// compose begins a message.
func (m *Machine) compose(tag string) composition {
	return composition{m, len(m.buf), 0}.text(tag)
}

func (c composition) text(s string) composition {
	c.m.buf = msgp.AppendString(c.m.buf, s)
	c.n++
	return c
}

func (c composition) bytes(s []byte) composition {
	c.m.buf = msgp.AppendStringFromBytes(c.m.buf, s)
	c.n++
	return c
}

func (c composition) none() composition {
	c.m.buf = msgp.AppendNil(c.m.buf)
	c.n++
	return c
}

// yes appends the last argument of a part that isn't the last one.
func (c composition) yes() composition {
	c.m.buf = msgp.AppendBool(c.m.buf, true)
	c.n++
	return c
}

// raw appends an encoded value.
func (c composition) raw(b []byte) composition {
	c.m.buf = append(c.m.buf, b...)
	c.n++
	return c
}

// pairs appends a map of n encoded pairs.
func (c composition) pairs(b []byte, n int) composition {
	c.m.buf = append(msgp.AppendMapHeader(c.m.buf, uint32(n)), b...)
	c.n++
	return c
}

// list appends a list of n encoded values.
func (c composition) list(b []byte, n int) composition {
	c.m.buf = append(msgp.AppendArrayHeader(c.m.buf, uint32(n)), b...)
	c.n++
	return c
}

// message is what has been composed. More may be appended to it.
func (c composition) message() codec.Message {
	end := len(c.m.buf)
	return codec.ArgsMessage(c.m.buf[c.at:end:end], c.n)
}

// A draft gathers the difference of one family for a message.
type draft struct {
	sets, dels, metas []byte
	nSets, nDels      int
	nMetas            int
}

func (d *draft) reset() { *d = draft{sets: d.sets[:0], dels: d.dels[:0], metas: d.metas[:0]} }

func (d *draft) empty() bool { return d.nSets == 0 && d.nDels == 0 }
func (d *draft) size() int   { return len(d.sets) + len(d.dels) + len(d.metas) }
func (d *draft) full() bool  { return d.size() >= pieceOctets }

func (d *draft) set(key, value []byte) {
	d.sets = append(msgp.AppendStringFromBytes(d.sets, key), value...)
	d.nSets++
}

func (d *draft) del(key []byte) {
	d.dels = msgp.AppendStringFromBytes(d.dels, key)
	d.nDels++
}

// meta says of a key that is set when and by whom: "" is the publisher.
func (d *draft) meta(key []byte, stamp merge.Stamp, owner string) {
	d.metas = appendMeta(msgp.AppendStringFromBytes(d.metas, key), stamp, owner)
	d.nMetas++
}

// appendPairs appends what is set as a map, appendList what is deleted as a list.
func appendPairs(b []byte, d *draft) []byte {
	return append(msgp.AppendMapHeader(b, uint32(d.nSets)), d.sets...)
}

func appendList(b []byte, d *draft) []byte {
	return append(msgp.AppendArrayHeader(b, uint32(d.nDels)), d.dels...)
}

func appendMeta(b []byte, stamp merge.Stamp, owner string) []byte {
	b = msgp.AppendUint64(msgp.AppendArrayHeader(b, 2), uint64(stamp))
	if owner == "" {
		return msgp.AppendNil(b)
	}
	return msgp.AppendString(b, owner)
}

// change composes a g_chg2.
func (m *Machine) change(family string, d *draft) codec.Message {
	return m.compose("g_chg2").text(family).pairs(d.sets, d.nSets).list(d.dels, d.nDels).message()
}

// updateToGlobal composes a g_upd between globals; meta is for ours.
func (m *Machine) updateToGlobal(family string, d *draft, meta bool) codec.Message {
	c := m.compose("g_upd").text(family).pairs(d.sets, d.nSets).list(d.dels, d.nDels)
	if meta {
		c = c.pairs(d.metas, d.nMetas)
	}
	return c.message()
}

// updateToMaster composes a g_upd of a slave, as short as the original's (protocol 6).
func (m *Machine) updateToMaster(family string, d *draft, meta bool) codec.Message {
	c := m.compose("g_upd").text(family)
	if d.nSets > 0 {
		c = c.pairs(d.sets, d.nSets)
	} else {
		c = c.none()
	}
	meta = meta && d.nMetas > 0
	switch {
	case d.nDels > 0:
		c = c.list(d.dels, d.nDels)
	case meta:
		c = c.none()
	}
	if meta {
		c = c.pairs(d.metas, d.nMetas)
	}
	return c.message()
}

// A bundle gathers whole families for a g_set or g_slave.
type bundle struct {
	sets, metas []byte
	families    int
}

func (b *bundle) reset() { *b = bundle{sets: b.sets[:0], metas: b.metas[:0]} }

func (b *bundle) size() int { return len(b.sets) + len(b.metas) }

// add takes what a draft has set of a family.
func (b *bundle) add(family string, d *draft) {
	b.sets = msgp.AppendMapHeader(msgp.AppendString(b.sets, family), uint32(d.nSets))
	b.sets = append(b.sets, d.sets...)
	b.metas = msgp.AppendMapHeader(msgp.AppendString(b.metas, family), uint32(d.nMetas))
	b.metas = append(b.metas, d.metas...)
	b.families++
}

// bundled composes a g_set or g_slave; meta and more are for ours.
func (m *Machine) bundled(tag string, b *bundle, meta, more bool) codec.Message {
	c := m.compose(tag).pairs(b.sets, b.families)
	if meta {
		c = c.pairs(b.metas, b.families)
	}
	if meta && more {
		c = c.yes()
	}
	return c.message()
}
