package codec

import (
	"encoding/binary"
	"math"
	"strconv"
	"unsafe"
)

// A Value is one encoded value. It is borrowed from the message it was read from
// and valid as long as that is; Clone makes it last. The zero Value is nil.
//
// Accessors are tolerant, since a Perl scalar has no static type (protocol 3):
// text is taken from text, bytes (read as Latin-1) and numbers, numbers also from
// decimal text, bools also from "1" and "". All see through CBOR tags. Where that
// fails the error is an *AccessError.
type Value struct{ raw []byte }

// Kind says what the value is. It doesn't see through tags: see Inner.
func (v Value) Kind() ValueKind {
	if len(v.raw) == 0 {
		return Nil
	}
	return shapes[v.raw[0]].kind
}

// IsNil says whether the value is nil, tagged or not.
func (v Value) IsNil() bool { return v.Inner().Kind() == Nil }

// Raw is the value's encoding in MessagePack. Borrowed.
func (v Value) Raw() Raw {
	if len(v.raw) == 0 {
		return Raw{0xc0}
	}
	return v.raw
}

// Clone makes a copy that owns its octets.
func (v Value) Clone() Value {
	if v.raw == nil {
		return v
	}
	return Value{append(make([]byte, 0, len(v.raw)), v.raw...)}
}

// Tag is a tagged value's outermost tag number and what it is put on.
func (v Value) Tag() (number uint64, inner Value, ok bool) {
	if v.Kind() != Tagged {
		return 0, v, false
	}
	b := v.payload()
	size := valueSize(b)
	number, _ = intBits(b[:size])
	return number, Value{b[size:]}, true
}

// Inner is the value without its tags.
func (v Value) Inner() Value {
	for v.Kind() == Tagged {
		_, v, _ = v.Tag()
	}
	return v
}

// payload is what follows the head.
func (v Value) payload() []byte {
	if len(v.raw) == 0 {
		return nil
	}
	return v.raw[shapes[v.raw[0]].head:]
}

// Int reads an integer. A float counts if it is one.
func (v Value) Int() (int64, error) {
	u, neg, ok := v.integer()
	if !ok || (u > math.MaxInt64) != neg {
		return 0, valueError(v, "int64")
	}
	return int64(u), nil
}

// Uint reads an integer that isn't negative.
func (v Value) Uint() (uint64, error) {
	u, neg, ok := v.integer()
	if !ok || neg {
		return 0, valueError(v, "uint64")
	}
	return u, nil
}

// integer reads any integer from -2^63 to 2^64-1: the bits, and whether it is
// negative.
func (v Value) integer() (u uint64, neg, ok bool) {
	if v.Kind() == Tagged {
		if n, _, ok := v.big(); ok {
			if !n.IsUint64() && !n.IsInt64() {
				return 0, false, false
			}
			if n.Sign() < 0 {
				return uint64(n.Int64()), true, true
			}
			return n.Uint64(), false, true
		}
		v = v.Inner()
	}
	switch v.Kind() {
	case Int:
		u, neg = intBits(v.raw)
		return u, neg, true
	case Float:
		f := v.float()
		if f != math.Trunc(f) || f < -1<<63 || f >= 1<<64 {
			return 0, false, false
		}
		if f < 0 {
			return uint64(int64(f)), true, true
		}
		return uint64(f), false, true
	case Text, Bytes:
		s := borrowedString(v.payload())
		if len(s) > maxDigits {
			return 0, false, false
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return uint64(n), n < 0, true
		}
		u, err := strconv.ParseUint(s, 10, 64)
		return u, false, err == nil
	}
	return 0, false, false
}

// intBits reads an encoded integer: its bits, and whether it is negative.
func intBits(b []byte) (u uint64, neg bool) {
	switch c := b[0]; c {
	default:
		n := int64(int8(c))
		return uint64(n), n < 0
	case 0xcc:
		return uint64(b[1]), false
	case 0xcd:
		return uint64(binary.BigEndian.Uint16(b[1:])), false
	case 0xce:
		return uint64(binary.BigEndian.Uint32(b[1:])), false
	case 0xcf:
		return binary.BigEndian.Uint64(b[1:]), false
	case 0xd0:
		n := int64(int8(b[1]))
		return uint64(n), n < 0
	case 0xd1:
		n := int64(int16(binary.BigEndian.Uint16(b[1:])))
		return uint64(n), n < 0
	case 0xd2:
		n := int64(int32(binary.BigEndian.Uint32(b[1:])))
		return uint64(n), n < 0
	case 0xd3:
		n := int64(binary.BigEndian.Uint64(b[1:]))
		return uint64(n), n < 0
	}
}

// Float reads a number. Integers are rounded to the nearest float.
func (v Value) Float() (float64, error) {
	if n, _, ok := v.big(); ok {
		f, _ := n.Float64()
		return f, nil
	}
	in := v.Inner()
	switch in.Kind() {
	case Float:
		return in.float(), nil
	case Int:
		return intToFloat(intBits(in.raw)), nil
	case Text, Bytes:
		if s := borrowedString(in.payload()); decimal(s) {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return f, nil
			}
		}
	}
	return 0, valueError(v, "float")
}

func intToFloat(u uint64, neg bool) float64 {
	if neg {
		return float64(int64(u))
	}
	return float64(u)
}

// float reads a value of kind Float.
func (v Value) float() float64 {
	if v.raw[0] == 0xca {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(v.raw[1:])))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(v.raw[1:]))
}

// decimal keeps the words and the hexadecimal forms out that strconv would take.
func decimal(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// Bool reads a truth value. The text or number 1 is true; 0 and "" are false.
func (v Value) Bool() (bool, error) {
	in := v.Inner()
	switch in.Kind() {
	case Bool:
		return in.raw[0] == 0xc3, nil
	case Int:
		if u, _ := intBits(in.raw); u <= 1 {
			return u == 1, nil
		}
	case Text, Bytes:
		switch string(in.payload()) {
		case "1":
			return true, nil
		case "", "0":
			return false, nil
		}
	}
	return false, valueError(v, "bool")
}

// Text reads a string. The result is a copy.
func (v Value) Text() (string, error) {
	b, err := v.TextBytes()
	return string(b), err
}

// TextBytes reads a string as UTF-8 octets, borrowed where no conversion is
// needed. What Perl or a careless program sent as text needn't be valid UTF-8.
func (v Value) TextBytes() ([]byte, error) {
	in := v.Inner()
	switch in.Kind() {
	case Text:
		return in.payload(), nil
	case Bytes:
		return latin1ToUTF8(in.payload()), nil
	case Int:
		if u, neg := intBits(in.raw); !neg {
			return strconv.AppendUint(nil, u, 10), nil
		} else {
			return strconv.AppendInt(nil, int64(u), 10), nil
		}
	case Float:
		return strconv.AppendFloat(nil, in.float(), 'g', -1, 64), nil
	}
	return nil, valueError(v, "text")
}

// Bytes reads octets, borrowed where no conversion is needed. Text counts if all
// its characters are at most U+00FF: each is one octet.
func (v Value) Bytes() ([]byte, error) {
	in := v.Inner()
	switch in.Kind() {
	case Bytes:
		return in.payload(), nil
	case Text:
		if b, ok := utf8ToLatin1(in.payload()); ok {
			return b, nil
		}
	case Int, Float:
		return in.TextBytes()
	}
	return nil, valueError(v, "bytes")
}

// List reads a list.
func (v Value) List() (Args, error) {
	in := v.Inner()
	if in.Kind() != List {
		return Args{}, valueError(v, "list")
	}
	return Args{b: in.payload(), n: int32(shapes[in.raw[0]].length(in.raw))}, nil
}

// Map reads a map.
func (v Value) Map() (Pairs, error) {
	in := v.Inner()
	if in.Kind() != Map {
		return Pairs{}, valueError(v, "map")
	}
	return Pairs{b: in.payload(), n: shapes[in.raw[0]].length(in.raw)}, nil
}

// borrowedString is b as a string, for callees that don't keep it.
func borrowedString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// borrowedBytes is s as octets, for callees that neither keep nor change them.
func borrowedBytes(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
