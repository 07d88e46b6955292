package codec_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
)

// valueOf is the value that one argument becomes.
func valueOf(t *testing.T, arg any) codec.Value {
	t.Helper()
	m, err := codec.MessageOf(arg)
	if err != nil {
		t.Fatal(err)
	}
	return m.At(0)
}

func TestAValueIsDecodedIntoAGeneratedType(t *testing.T) {
	want := job{Tag: []byte("resize"), N: 7, Payload: []byte{1, 2}}
	raw, err := codec.EncodeMarshaler(&want)
	if err != nil {
		t.Fatal(err)
	}
	var got job
	if err := valueOf(t, raw).Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v", got, err)
	}
	asPerl := []any{"resize", 7.0, "\x01\x02"} // other kinds, the same values
	if err := valueOf(t, asPerl).Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v", got, err)
	}
	var p profile
	asMap := map[string]any{"Name": []byte("a"), "Ratio": 2, "Ready": "1", "Sizes": []any{3}}
	if err := valueOf(t, asMap).Decode(&p); err != nil || !reflect.DeepEqual(p, profile{"a", 2, true, []int{3}}) {
		t.Errorf("%v %v", p, err)
	}
}

func TestAValueOfAnotherShapeIsRefused(t *testing.T) {
	var j job
	err := valueOf(t, "no list").Decode(&j)
	if err == nil || !strings.Contains(err.Error(), "decode value into *codec_test.job") {
		t.Error(err)
	}
	if _, ok := msgp.Cause(errors.Unwrap(err)).(msgp.TypeError); !ok {
		t.Errorf("%T", errors.Unwrap(err))
	}
	if err := (codec.Value{}).Decode(&j); err == nil {
		t.Error("nil was decoded")
	}
}
