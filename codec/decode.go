package codec

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// Decode reads the value into a generated type, which may encode as a list (a tuple) or as
// a map. It is as tolerant as Message.Decode and has the same rules.
func (v Value) Decode(dst msgp.Unmarshaler) error {
	in := v.Inner()
	err := decodeFrom(in.Raw(), dst)
	if err == nil {
		return nil
	}
	if like, ok := model(dst, err); ok {
		err = decodeFrom(appendLike(nil, in, like), dst)
	}
	if err != nil {
		return fmt.Errorf("decode value into %T: %w", dst, err)
	}
	return nil
}
