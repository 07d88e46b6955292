package codec

import (
	"fmt"
	"math"
)

// Scan reads arguments into what dst points to, one each: bool, integers, floats,
// string, []byte (copied), []string, any (see Value.Any), Value (borrowed). A nil
// skips one. Further arguments are ignored: Perl programs append some. Errors are
// *AccessError, or *ValueError for a dst of another type.
func (m Message) Scan(dst ...any) error {
	a := m.Args()
	for _, d := range dst {
		if err := a.scan(d); err != nil {
			return err
		}
		if a.err != nil {
			return a.err
		}
	}
	return nil
}

func (a *Args) scan(dst any) error {
	switch p := dst.(type) {
	case nil:
		a.Skip()
	case *bool:
		*p = a.Bool()
	case *int:
		*p = int(a.signed("int", math.MinInt, math.MaxInt))
	case *int8:
		*p = int8(a.signed("int8", math.MinInt8, math.MaxInt8))
	case *int16:
		*p = int16(a.signed("int16", math.MinInt16, math.MaxInt16))
	case *int32:
		*p = int32(a.signed("int32", math.MinInt32, math.MaxInt32))
	case *int64:
		*p = a.Int()
	case *uint:
		*p = uint(a.unsigned("uint", math.MaxUint))
	case *uint8:
		*p = uint8(a.unsigned("uint8", math.MaxUint8))
	case *uint16:
		*p = uint16(a.unsigned("uint16", math.MaxUint16))
	case *uint32:
		*p = uint32(a.unsigned("uint32", math.MaxUint32))
	case *uint64:
		*p = a.Uint()
	case *float32:
		*p = float32(a.Float())
	case *float64:
		*p = a.Float()
	case *string:
		*p = a.Text()
	case *[]byte:
		*p = append([]byte{}, a.Bytes()...)
	case *[]string:
		*p = a.texts()
	case *any:
		*p = a.Any()
	case *Value:
		*p = a.Value()
	default:
		return &ValueError{fmt.Sprintf("Scan into Go type %T", dst), Msgpack}
	}
	return nil
}

func (a *Args) signed(want string, low, high int64) int64 {
	return read(a, want, func(v Value) (int64, error) {
		n, err := v.Int()
		if err != nil || n < low || n > high {
			return 0, valueError(v, want)
		}
		return n, nil
	})
}

func (a *Args) unsigned(want string, high uint64) uint64 {
	return read(a, want, func(v Value) (uint64, error) {
		n, err := v.Uint()
		if err != nil || n > high {
			return 0, valueError(v, want)
		}
		return n, nil
	})
}

// texts reads a list of strings.
func (a *Args) texts() []string {
	l := a.List()
	s := make([]string, 0, l.Len())
	for l.More() {
		s = append(s, l.Text())
	}
	a.fail(l.Err())
	return s
}
