package codec

import "fmt"

// Check says whether body is one well-formed MessagePack value with nothing
// after it, within the limits. Accessors rely on it.
//
// Values are those of the protocol (protocol 3): map keys are text or bytes, and
// the only extension type is the one that stands for a CBOR tag.
func Check(body []byte, lim Limits) error {
	if len(body) > lim.Message {
		return &LimitError{"octets in a message", lim.Message}
	}
	if len(body) > 0 && body[0]&0xf0 == 0x90 && lim.Items >= 15 && lim.Depth >= 1 {
		if flat(body, 1, int(body[0]&15)) {
			return nil
		}
	}
	return checkValues(body, 1, lim, lim.Depth)
}

// flat is the fast path: it says whether b from i on is exactly n well-formed
// values of the simplest kinds. False means only that a closer look is needed.
//
// It is written so that the compiler just inlines it. What is told by a jump is the commonest, texts
// and bytes of up to 255 octets and 32-bit integers: where the next value is needn't be looked up then.
func flat(b []byte, i, n int) bool {
	for ; n > 0 && i < len(b); n-- {
		c := b[i]
		if (c == 0xd9 || c == 0xc4) && i+1 < len(b) {
			i += int(b[i+1]) + 2
		} else if c == 0xd2 || c == 0xce {
			i += 5
		} else {
			if scalarSize[c] == 0 {
				return false
			}
			i += int(scalarSize[c])
		}
	}
	return n == 0 && i == len(b)
}

// checkValues is Check for a row of n values, which may be depth levels deep.
func checkValues(b []byte, n int, lim Limits, depth int) error {
	c := checker{b: b, lim: lim, items: lim.Items}
	for range n {
		if err := c.value(depth); err != nil {
			return err
		}
	}
	if c.i < len(b) {
		return c.malformed("octets after the value")
	}
	return nil
}

// A checker walks through b once.
type checker struct {
	b     []byte
	i     int
	items int // that may still come
	lim   Limits
}

func (c *checker) malformed(what string) error {
	return &SyntaxError{Msgpack, c.i, what}
}

// head reads what precedes a value's payload and steps behind it. What it says
// of the payload is possible: all its octets, or one for each element, are there.
func (c *checker) head() (shape, int, error) {
	b := c.b[c.i:]
	if len(b) == 0 {
		return shape{}, 0, c.malformed("the value is cut short")
	}
	s := shapes[b[0]]
	if s.kind == Missing {
		return s, 0, c.malformed(fmt.Sprintf("octet %#x begins no value", b[0]))
	}
	if len(b) < int(s.head) {
		return s, 0, c.malformed("the value is cut short")
	}
	n := s.length(b)
	if n > len(b)-int(s.head) {
		return s, 0, c.malformed("the value is cut short")
	}
	c.i += int(s.head)
	return s, n, nil
}

func (c *checker) value(depth int) error {
	if c.i < len(c.b) {
		if size := int(scalarSize[c.b[c.i]]); size != 0 && size <= len(c.b)-c.i {
			c.i += size
			return nil
		}
	}
	start := c.i
	s, n, err := c.head()
	if err != nil {
		return err
	}
	if s.kind < List {
		c.i += n
		return nil
	}
	if depth == 0 {
		return &LimitError{"levels of nesting", c.lim.Depth}
	}
	switch s.kind {
	case List:
		return c.list(n, depth-1)
	case Map:
		return c.mapping(n, depth-1)
	default:
		return c.tagged(start, n, depth-1)
	}
}

func (c *checker) count(n int) error {
	if n > c.items {
		return &LimitError{"elements in a message", c.lim.Items}
	}
	c.items -= n
	return nil
}

func (c *checker) list(n, depth int) error {
	if err := c.count(n); err != nil {
		return err
	}
	for range n {
		if err := c.value(depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) mapping(n, depth int) error {
	if err := c.count(2 * n); err != nil {
		return err
	}
	for range n {
		start := c.i
		s, size, err := c.head()
		if err != nil {
			return err
		}
		if s.kind != Text && s.kind != Bytes {
			return &SyntaxError{Msgpack, start, "a map key of kind " + s.kind.String()}
		}
		c.i += size
		if err := c.value(depth); err != nil {
			return err
		}
	}
	return nil
}

// tagged checks the n octets of an extension that began at start.
func (c *checker) tagged(start, n, depth int) error {
	end := c.i + n
	if t := c.b[c.i-1]; t != tagExtension {
		return &SyntaxError{Msgpack, start, fmt.Sprintf("extension type %d", int8(t))}
	}
	if err := c.count(1); err != nil {
		return err
	}
	number := c.i
	s, size, err := c.head()
	if err != nil {
		return err
	}
	if s.kind != Int || c.b[number] >= 0xd0 {
		return &SyntaxError{Msgpack, number, "a tag number of kind " + s.kind.String()}
	}
	c.i += size
	if err := c.value(depth); err != nil {
		return err
	}
	if c.i != end {
		return &SyntaxError{Msgpack, start, "a tag whose size isn't that of its value"}
	}
	return nil
}
