package kernel_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
)

func TestAReasonThatTheFramingCantSayDoesntKeepADeathSecret(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	p := a.port(nil)
	peer := a.raw().greet("aemp;1;z;hmac_sha3_512;json;mproto=1;gproto=1").prove(codec.JSON)
	_, name := codec.SplitPortID(p.ID())
	peer.send("", "mon1", name)
	peer.expectNothing("z")
	p.Kill("sum", math.NaN())
	peer.expectMatch(func(got string) bool { return strings.Contains(got, "kil0") }, "kil0")
}

// A peer has each of its monitors of one port answered with a long reason.
func TestAnnouncingADeathCostsNoMoreThanTheQueueHolds(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2, smallMarks)
	p := a.port(nil)
	peer := a.raw().ours("z")
	_, name := codec.SplitPortID(p.ID())
	for range 2000 {
		peer.send("", "mon1", name)
	}
	w.pass(time.Second)
	p.Kill("reason", make([]byte, 10_000)) // 20 MB
	w.until("the end of the link", func() bool { return len(a.log.find("node down", "overload")) > 0 })
}
