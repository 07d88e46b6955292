package codec

import "github.com/tinylib/msgp/msgp"

// Generated types are strict: a string field refuses bytes, a float field refuses
// integers. But Perl sends ASCII strings as bytes and 2.0 as an integer. So when a
// message doesn't have the types that Decode's destination wants, the values are
// converted as the accessors would. What kinds are wanted is read off what the
// destination itself encodes to.

// adapt gives the message's list with the kinds that dst encodes to. False: that
// can't help, since err is another trouble or dst can't be encoded.
func (m Message) adapt(dst msgp.Unmarshaler, err error) (list []byte, ok bool) {
	like, ok := model(dst, err)
	switch {
	case !ok:
		return nil, false
	case m.wantsMap():
		return appendLike(nil, m.At(0), like), true
	}
	return appendLike(nil, Value{m.Clone().b}, like), true
}

// model is what dst encodes to. False: err isn't about kinds, or dst can't be encoded.
func model(dst msgp.Unmarshaler, err error) (like Value, ok bool) {
	if _, ok := msgp.Cause(err).(msgp.TypeError); !ok {
		return Value{}, false
	}
	m, ok := dst.(msgp.Marshaler)
	if !ok {
		return Value{}, false
	}
	b, err := m.MarshalMsg(nil)
	if err != nil || checkValues(b, 1, DefaultLimits, DefaultLimits.Depth) != nil {
		return Value{}, false
	}
	return Value{b}, true
}

// appendLike appends v converted to the kind that like has, if that is possible.
func appendLike(b []byte, v, like Value) []byte {
	v, like = v.Inner(), like.Inner()
	switch like.Kind() {
	case Text, Nil: // nil tells nothing: most likely is a string, if it is one
		if k := v.Kind(); k == Bytes || k != Text && like.Kind() == Text {
			if s, err := v.TextBytes(); err == nil {
				return append(textHead(b, len(s)), s...)
			}
		}
	case Bytes:
		if s, err := v.Bytes(); err == nil {
			return append(bytesHead(b, len(s)), s...)
		}
	case Int:
		if u, neg, ok := v.integer(); ok && neg {
			return appendInt(b, int64(u))
		} else if ok {
			return appendUint(b, u)
		}
	case Float:
		if f, err := v.Float(); err == nil && like.raw[0] == 0xca {
			return appendFloat32(b, float32(f))
		} else if err == nil {
			return appendFloat64(b, f)
		}
	case Bool:
		if t, err := v.Bool(); err == nil {
			return appendBool(b, t)
		}
	}
	switch v.Kind() {
	case List:
		return appendListLike(b, v, like)
	case Map:
		return appendMapLike(b, v, like)
	}
	return append(b, v.Raw()...)
}

func appendListLike(b []byte, v, like Value) []byte {
	elements, _ := v.List()
	models, _ := like.List()
	b = listHead(b, elements.Len())
	for elements.More() {
		model := Value{}
		if models.More() {
			model = models.Value()
		}
		b = appendLike(b, elements.Value(), model)
	}
	return b
}

func appendMapLike(b []byte, v, like Value) []byte {
	entries, _ := v.Map()
	models, _ := like.Map()
	b = mapHead(b, entries.Len())
	for entries.Next() {
		model, _ := models.Get(entries.Key())
		b = appendText(b, entries.Key())
		b = appendLike(b, entries.Value(), model)
	}
	return b
}
