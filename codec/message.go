package codec

import (
	"fmt"
	"sync"

	"github.com/tinylib/msgp/msgp"
)

// A Message is the arguments of a message, without the port name: a view of
// encoded octets. It is a small value, cheap to copy, borrowed from the buffer
// it was read from and valid as long as that is; Clone makes it last. The zero
// Message is empty.
type Message struct {
	b []byte // the arguments, after head octets

	// head octets are the head of the arguments' list, so that generated code can
	// read it. One octet that isn't may be overwritten for a moment, to be one: it
	// belongs to who else is done with it. 0: there is no room for a head.
	head int32
	n    int32 // number of arguments
}

// Split takes the body of a frame apart. body has been checked. If it is empty or
// doesn't begin with a string, port is nil: such messages are ignored. A body that
// is no list at all is a *SyntaxError. The port name is UTF-8; bytes are read as
// Latin-1. Both results are borrowed.
func Split(body []byte) (port []byte, m Message, err error) {
	if len(body) > 1 && body[0]&0xf0 == 0x90 && body[1]&0xe0 == 0xa0 {
		if end := 2 + int(body[1]&0x1f); end <= len(body) {
			return body[2:end:end], Message{b: body[end-1:], head: 1, n: int32(body[0]&0x0f) - 1}, nil
		}
	}
	if len(body) == 0 || shapes[body[0]].kind != List {
		return nil, Message{}, &SyntaxError{Msgpack, 0, "a message that is no list"}
	}
	l := Args{b: Value{body}.payload(), n: int32(shapes[body[0]].length(body))}
	if l.n == 0 {
		return nil, Message{}, nil
	}
	name := l.Value().Inner()
	if k := name.Kind(); k != Text && k != Bytes {
		return nil, Message{}, nil
	}
	port, _ = name.TextBytes() // can't fail: text or bytes
	if port == nil {
		port = []byte{}
	}
	return port, l.Rest(), nil
}

// ArgsMessage is a view of n encoded arguments, which must be well-formed.
func ArgsMessage(args []byte, n int) Message { return Message{b: args, n: int32(n)} }

// ArgsMessageIn is ArgsMessage for buf[at:end] of a buffer whose octet before may be
// overwritten for a moment, by Decode, as long as the message is used.
func ArgsMessageIn(buf []byte, at, end, n int) Message {
	if at == 0 {
		return ArgsMessage(buf[:end:end], n)
	}
	return Message{b: buf[at-1 : end : end], head: 1, n: int32(n)}
}

// MessageOf builds a message from Go values, see AppendArgs.
func MessageOf(args ...any) (Message, error) {
	b := listHead(make([]byte, 0, 64), len(args))
	head := len(b)
	b, err := AppendArgs(b, args)
	if err != nil {
		return Message{}, err
	}
	return Message{b: b, head: int32(head), n: int32(len(args))}, nil
}

// Len is the number of arguments.
func (m Message) Len() int { return int(m.n) }

// Raw is the encoded arguments, one after the other. Borrowed.
func (m Message) Raw() []byte { return m.b[m.head:] }

// Args reads the arguments one after the other.
func (m Message) Args() Args { return Args{b: m.Raw(), n: m.n} }

// Drop is the message without its first k arguments.
func (m Message) Drop(k int) Message {
	a := m.Args()
	for range min(k, m.Len()) {
		a.Skip()
	}
	if m.lends() && a.err == nil {
		return Message{b: m.b[int(m.head)+a.i-1:], head: 1, n: int32(a.Len())}
	}
	return a.Rest()
}

// lends says that the octet before the arguments may be overwritten for a moment.
func (m Message) lends() bool { return m.head == 1 && m.b[0] != 0x90|byte(m.n) }

// At is the argument with that index, from 0; nil where there is none. Borrowed.
func (m Message) At(i int) Value {
	a := m.Args()
	for range i {
		if !a.More() {
			break
		}
		a.Skip()
	}
	if i < 0 || !a.More() {
		return Value{}
	}
	return a.Value()
}

// Tag is the first argument in UTF-8 if that is a string: what messages are
// usually told apart by. Borrowed where no conversion is needed.
func (m Message) Tag() (tag []byte, ok bool) {
	b := m.Raw()
	if m.n == 0 {
		return nil, false
	}
	if b[0]&0xe0 == 0xa0 {
		end := 1 + int(b[0]&0x1f)
		return b[1:end:end], true
	}
	v := m.At(0).Inner()
	if k := v.Kind(); k != Text && k != Bytes {
		return nil, false
	}
	tag, _ = v.TextBytes() // can't fail: text or bytes
	return tag, true
}

// CutTag is Tag together with the message without it.
func (m Message) CutTag() (tag []byte, rest Message, ok bool) {
	b := m.Raw()
	if m.n > 0 && b[0]&0xe0 == 0xa0 && m.lends() {
		end := 1 + int(b[0]&0x1f)
		return b[1:end:end], Message{b: b[end-1:], head: 1, n: m.n - 1}, true
	}
	if tag, ok = m.Tag(); ok {
		rest = m.Drop(1)
	}
	return tag, rest, ok
}

// CutIf is the message without its tag, if it has this one.
func (m Message) CutIf(tag string) (rest Message, ok bool) {
	end := int(m.head) + 1 + len(tag)
	if m.n > 0 && len(tag) < 32 && end <= len(m.b) && m.lends() && m.b[1] == 0xa0|byte(len(tag)) && string(m.b[2:end]) == tag {
		return Message{b: m.b[end-1:], head: 1, n: m.n - 1}, true
	}
	return Message{}, false
}

// Clone makes a copy that owns its octets.
func (m Message) Clone() Message {
	b := listHead(make([]byte, 0, 5+len(m.b)), m.Len())
	head := len(b)
	return Message{b: append(b, m.Raw()...), head: int32(head), n: m.n}
}

// Equal says whether two messages have equal arguments, see Value.Equal.
func (m Message) Equal(o Message) bool { return equalLists(m.Args(), o.Args()) }

// Decode reads the whole list of arguments into a generated type: a tuple type
// takes exactly as many as it has fields. A type that encodes as a map takes a
// message whose only argument is a map. If dst is a msgp.Marshaler too, as
// generated types are, it is as tolerant of Perl's types as the accessors.
//
// Nothing of dst may refer to the octets it was decoded from after Decode (as
// types generated with zero-copy do). dst may be half filled after an error.
func (m Message) Decode(dst msgp.Unmarshaler) error {
	var rest []byte
	var err error
	if m.head == 1 && uint32(m.n)-2 < 14 && m.lends() { // n is 2 … 15; as decodeBorrowing, but in place
		before := m.b[0]
		m.b[0] = 0x90 | byte(m.n)
		rest, err = dst.UnmarshalMsg(m.b)
		m.b[0] = before
	} else {
		rest, err = m.decode(dst)
	}
	if err != nil || len(rest) > 0 {
		return m.decodeAgain(dst, rest, err)
	}
	return nil
}

// decodeAgain makes the best of what went wrong.
func (m Message) decodeAgain(dst msgp.Unmarshaler, rest []byte, err error) error {
	err = decoded(rest, err)
	if list, ok := m.adapt(dst, err); ok {
		err = decodeFrom(list, dst)
	}
	if err != nil {
		return fmt.Errorf("decode message into %T: %w", dst, err)
	}
	return nil
}

// wantsMap says whether the message may be the encoding of a type that encodes as a map.
func (m Message) wantsMap() bool { return m.n == 1 && shapes[m.Raw()[0]].kind == Map }

func (m Message) decode(dst msgp.Unmarshaler) (rest []byte, err error) {
	switch {
	case m.wantsMap():
		return dst.UnmarshalMsg(m.Raw())
	case m.lends() && m.n < 16:
		return m.decodeBorrowing(dst)
	case m.head > 0 && !m.lends():
		return dst.UnmarshalMsg(m.b)
	}
	// Generated code wants to see the list's head, which stands in front of the
	// port name: decode from a copy.
	buf := listBuffers.Get().(*[]byte)
	b := append(listHead((*buf)[:0], m.Len()), m.Raw()...)
	rest, err = dst.UnmarshalMsg(b)
	if cap(b) <= maxKept {
		*buf = b
	}
	listBuffers.Put(buf)
	return rest, err
}

// decodeBorrowing puts the list's head before the arguments while they are decoded. If
// foreign code panics it stays there: m is the same with it, and of the message that m was
// cut from only the end of what is before m, a tag or a port's name, isn't.
func (m Message) decodeBorrowing(dst msgp.Unmarshaler) (rest []byte, err error) {
	before := m.b[0]
	m.b[0] = 0x90 | byte(m.n)
	rest, err = dst.UnmarshalMsg(m.b)
	m.b[0] = before
	return rest, err
}

var listBuffers = sync.Pool{New: func() any { return new([]byte) }}

func decodeFrom(b []byte, dst msgp.Unmarshaler) error { return decoded(dst.UnmarshalMsg(b)) }

// decoded is the error of an UnmarshalMsg that must not leave anything over.
func decoded(rest []byte, err error) error {
	if err == nil && len(rest) > 0 {
		return fmt.Errorf("%d octets are left over", len(rest))
	}
	return err
}
