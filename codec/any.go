package codec

// Any decodes all arguments, see Value.Any. Unlike the accessors it checks the
// octets first: a *SyntaxError or *LimitError tells of a view that ArgsMessage
// made of something else than encoded arguments.
func (m Message) Any() ([]any, error) {
	b := m.Raw()
	if err := checkValues(b, m.Len(), DefaultLimits, DefaultLimits.Depth); err != nil {
		return nil, err
	}
	list, _ := anyList(b, m.Len())
	return list, nil
}

// Any decodes the value: to nil, bool, int64 (uint64 above its range), float64,
// string, []byte, []any, map[string]any, or *big.Int for a big integer. Other tags
// are dropped. The result owns its memory.
func (v Value) Any() any {
	if len(v.raw) == 0 {
		return nil
	}
	x, _ := anyValue(v.raw)
	return x
}

// anyValue decodes the value that b begins with and returns what follows it: each
// octet is looked at once, however deep the value is.
func anyValue(b []byte) (x any, rest []byte) {
	s := shapes[b[0]]
	n := s.length(b)
	body := b[s.head:]
	switch s.kind {
	case List:
		return anyList(body, n)
	case Map:
		return anyMap(body, n)
	case Tagged:
		v := Value{b[:int(s.head)+n]}
		if big, _, ok := v.big(); ok {
			return big, body[n:]
		}
		_, inner, _ := v.Tag()
		return inner.Any(), body[n:]
	}
	v := Value{b[:int(s.head)+n]}
	switch s.kind {
	case Bool:
		x = b[0] == 0xc3
	case Int:
		if u, neg := intBits(b); neg || u < 1<<63 {
			x = int64(u)
		} else {
			x = u
		}
	case Float:
		x = v.float()
	case Text:
		x = string(body[:n])
	case Bytes:
		x = append([]byte{}, body[:n]...)
	}
	return x, body[n:]
}

func anyList(b []byte, n int) (list []any, rest []byte) {
	list = make([]any, n)
	for i := range list {
		list[i], b = anyValue(b)
	}
	return list, b
}

func anyMap(b []byte, n int) (m map[string]any, rest []byte) {
	m = make(map[string]any, n)
	for range n {
		size := valueSize(b)
		key, _ := Value{b[:size]}.Text() // can't fail: keys are text or bytes
		m[key], b = anyValue(b[size:])
	}
	return m, b
}
