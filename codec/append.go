package codec

import (
	"encoding/binary"
	"math"
	"math/big"
	"reflect"
)

// Raw is one value already encoded in MessagePack, to be passed as an argument.
// It is checked when it is appended.
type Raw []byte

// AppendArgs appends the encoding of each argument. These Go types can be sent:
// nil, bool, integers, floats, string, []byte, *big.Int, Value, Raw, []any,
// map[string]any, and slices and maps of the common ones of these. Other types
// are a *ValueError, nesting deeper than DefaultLimits a *LimitError, a bad Raw a
// *SyntaxError; b then comes back as it was. Maps are sorted by key.
//
// Neither the arguments nor what they refer to escape, so a variadic caller on top
// of it allocates nothing.
func AppendArgs(b []byte, args []any) ([]byte, error) {
	b, _, err := appendArgs(b, args)
	return b, err
}

// appendArgs is AppendArgs. It says too whether there is more than scalars, which
// are within any limits but that of size.
func appendArgs(b []byte, args []any) (_ []byte, nested bool, err error) {
	at := len(b)
	for _, arg := range args {
		switch x := arg.(type) {
		case string:
			b = appendText(b, x)
		case int:
			b = appendInt(b, int64(x))
		case int64:
			b = appendInt(b, x)
		case float64:
			b = appendFloat64(b, x)
		case []byte:
			b = appendBytes(b, x)
		case bool:
			b = appendBool(b, x)
		case nil:
			b = append(b, 0xc0)
		default:
			nested = true
			if b, err = appendAny(b, arg, DefaultLimits.Depth-1); err != nil {
				return b[:at], nested, err
			}
		}
	}
	return b, nested, nil
}

// appendAny appends one value of any type that can be sent, in at most depth
// levels. After an error b may have grown.
func appendAny(b []byte, v any, depth int) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, 0xc0), nil
	case bool:
		return appendBool(b, x), nil
	case string:
		return appendText(b, x), nil
	case []byte:
		return appendBytes(b, x), nil
	case int:
		return appendInt(b, int64(x)), nil
	case int8:
		return appendInt(b, int64(x)), nil
	case int16:
		return appendInt(b, int64(x)), nil
	case int32:
		return appendInt(b, int64(x)), nil
	case int64:
		return appendInt(b, x), nil
	case uint:
		return appendUint(b, uint64(x)), nil
	case uint8:
		return appendUint(b, uint64(x)), nil
	case uint16:
		return appendUint(b, uint64(x)), nil
	case uint32:
		return appendUint(b, uint64(x)), nil
	case uint64:
		return appendUint(b, x), nil
	case float32:
		return appendFloat32(b, x), nil
	case float64:
		return appendFloat64(b, x), nil
	case *big.Int:
		if x == nil {
			return append(b, 0xc0), nil
		}
		return appendBig(b, x), nil
	case Value:
		return append(b, x.Raw()...), nil
	case Raw:
		if err := checkValues(x, 1, DefaultLimits, depth); err != nil {
			return b, err
		}
		return append(b, x...), nil
	}
	if depth == 0 {
		return b, &LimitError{"levels of nesting", DefaultLimits.Depth}
	}
	return appendContainer(b, v, depth-1)
}

// appendContainer appends a list or map; its elements may be depth levels deep.
func appendContainer(b []byte, v any, depth int) ([]byte, error) {
	switch x := v.(type) {
	case []any:
		b = listHead(b, len(x))
		for _, e := range x {
			var err error
			if b, err = appendAny(b, e, depth); err != nil {
				return b, err
			}
		}
		return b, nil
	case []string:
		b = listHead(b, len(x))
		for _, e := range x {
			b = appendText(b, e)
		}
		return b, nil
	case [][]byte:
		b = listHead(b, len(x))
		for _, e := range x {
			b = appendBytes(b, e)
		}
		return b, nil
	case []int:
		return appendList(b, x, func(b []byte, n int) []byte { return appendInt(b, int64(n)) }), nil
	case []int64:
		return appendList(b, x, appendInt), nil
	case []uint64:
		return appendList(b, x, appendUint), nil
	case []float64:
		return appendList(b, x, appendFloat64), nil
	case []bool:
		return appendList(b, x, appendBool), nil
	case map[string]any:
		m := beginMap(b, len(x))
		for k, e := range x {
			m.key(k)
			var err error
			if m.b, err = appendAny(m.b, e, depth); err != nil {
				return m.b, err
			}
		}
		return m.end(), nil
	case map[string]string:
		m := beginMap(b, len(x))
		for k, e := range x {
			m.key(k)
			m.b = appendText(m.b, e)
		}
		return m.end(), nil
	case map[string]int:
		m := beginMap(b, len(x))
		for k, e := range x {
			m.key(k)
			m.b = appendInt(m.b, int64(e))
		}
		return m.end(), nil
	}
	return b, &ValueError{"Go type " + reflect.TypeOf(v).String(), Msgpack}
}

// appendList appends a list of numbers or truth values. What refers to memory has
// loops of its own: called through one, it would escape.
func appendList[T bool | int | int64 | uint64 | float64](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = listHead(b, len(list))
	for _, e := range list {
		b = one(b, e)
	}
	return b
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

func appendText(b []byte, s string) []byte {
	return append(textHead(b, len(s)), s...)
}

func appendBytes(b, s []byte) []byte {
	return append(bytesHead(b, len(s)), s...)
}

func appendInt(b []byte, n int64) []byte {
	switch {
	case n >= 0:
		return appendUint(b, uint64(n))
	case n >= -32:
		return append(b, byte(n))
	case n >= math.MinInt8:
		return append(b, 0xd0, byte(n))
	case n >= math.MinInt16:
		return append(b, 0xd1, byte(n>>8), byte(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
	}
}

func appendUint(b []byte, n uint64) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 1<<8:
		return append(b, 0xcc, byte(n))
	case n < 1<<16:
		return append(b, 0xcd, byte(n>>8), byte(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, 0xcf), n)
	}
}

func appendFloat32(b []byte, f float32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(f))
}

func appendFloat64(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(f))
}
