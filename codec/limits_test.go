package codec_test

import (
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

func TestLimitsMustMakeSense(t *testing.T) {
	if err := codec.DefaultLimits.Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		lim  codec.Limits
		what string
	}{
		{codec.Limits{Message: 0, Depth: 1, Items: 1}, "octets"},
		{codec.Limits{Message: 1 << 24, Depth: 1, Items: 1}, "octets"},
		{codec.Limits{Message: 1, Depth: 0, Items: 1}, "levels"},
		{codec.Limits{Message: 1, Depth: 501, Items: 1}, "levels"},
		{codec.Limits{Message: 1, Depth: 1, Items: 0}, "elements"},
	} {
		if err := c.lim.Validate(); err == nil || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%+v: %v", c.lim, err)
		}
	}
}
