package sim

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// secured is a connected duo after a TLS handshake.
func secured(t *testing.T, o Options) *duo {
	t.Helper()
	d := connected(t, o)
	id := &loop.Identity{Model: "ours"}
	done := 0
	for _, p := range []*probe{d.c, d.v} {
		d.Do(p.c.Loop(), func() {
			p.c.StartTLS(id, p == d.c, nil, func(_ loop.Session, err error) {
				if err != nil {
					t.Error(err)
				}
				done++
			})
		})
	}
	d.until(t, "both handshakes", func() bool { return done == 2 })
	return d
}

func TestATLSStreamThatIsCutOffIsAFault(t *testing.T) {
	faults := map[string]int{}
	for seed := range uint64(20) {
		d := secured(t, Options{Seed: seed})
		d.gb.Crash()
		d.until(t, "the end", func() bool { return d.c.closed == 1 })
		switch {
		case d.c.eofs != 0:
			t.Error("it looks like a regular end")
		case errors.Is(d.c.err, io.ErrUnexpectedEOF):
			faults["cut"]++
		case errors.Is(d.c.err, syscall.ECONNRESET):
			faults["reset"]++
		default:
			t.Errorf("%v", d.c.err)
		}
	}
	if faults["cut"] == 0 || faults["reset"] == 0 {
		t.Errorf("%v", faults)
	}
}

func TestWhatTravelsUnderTLSIsNotPlain(t *testing.T) {
	d := secured(t, Options{Whole: true})
	d.c.write(d.World, "very secret indeed")
	wire := string(d.v.c.(*conn).in.data)
	if wire == "" || strings.Contains(wire, "secret") {
		t.Errorf("on the wire: %q", wire)
	}
	d.until(t, "data", func() bool { return string(d.v.got) == "very secret indeed" })
}

func TestGarbageUnderTLSEndsTheConnection(t *testing.T) {
	for name, garbage := range map[string]string{
		"no record":       "hello",
		"too long":        "\x17\xff\xff",
		"another message": "\x16\x00\x01x",
	} {
		d := secured(t, Options{})
		c := d.c.c.(*conn)
		d.Do(d.la, func() {
			c.out = append(c.out, garbage...)
			c.touch()
		})
		d.until(t, name, func() bool { return d.v.closed == 1 })
		if d.v.err == nil || len(d.v.got) != 0 {
			t.Errorf("%s: %v, got %q", name, d.v.err, d.v.got)
		}
	}
}

func TestADetachedTLSConnectionIsReadInSmallPieces(t *testing.T) {
	d := secured(t, Options{})
	nc := detach(t, d, d.v)
	d.Do(d.la, func() { d.c.c.Write([]byte("piece by piece")); d.c.c.CloseWrite() })
	var got []byte
	for p := make([]byte, 3); ; {
		n, err := nc.Read(p)
		got = append(got, p[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if string(got) != "piece by piece" {
		t.Errorf("%q", got)
	}
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after EOF: %v", err)
	}
	if _, err := nc.Write([]byte("answer")); err != nil {
		t.Error(err)
	}
	if err := nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	d.until(t, "the answer", func() bool { return string(d.c.got) == "answer" && d.c.eofs == 1 })
	cut := secured(t, Options{})
	nc = detach(t, cut, cut.v)
	cut.ga.Vanish()
	cut.v.c.(*conn).in.sendFin()
	if _, err := nc.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF {
		t.Errorf("cut off: %v", err)
	}
}

func TestTLSCanOnlyStartOnce(t *testing.T) {
	d := secured(t, Options{})
	d.Do(d.la, func() {
		if mustPanic(func() { d.c.c.StartTLS(&loop.Identity{}, true, nil, nil) }) == nil {
			t.Error("it started twice")
		}
	})
}

func TestTLSOnAConnectionThatIsClosedFails(t *testing.T) {
	for name, before := range map[string]func(d *duo){
		"closing": func(d *duo) { d.Do(d.la, func() { d.c.c.Close(nil) }) },
		"closed":  func(d *duo) { d.Do(d.la, func() { d.c.c.Close(nil) }); d.pass(time.Second) },
		"ending":  func(d *duo) { d.Do(d.la, func() { d.c.c.CloseWrite() }) },
	} {
		d := connected(t, Options{})
		before(d)
		calls := 0
		d.Do(d.la, func() {
			d.c.c.StartTLS(&loop.Identity{Model: "ours"}, true, nil, func(s loop.Session, err error) {
				if calls++; err == nil || s != nil {
					t.Errorf("%s: it worked", name)
				}
			})
		})
		d.pass(time.Second)
		if calls != 1 {
			t.Errorf("%s: done was called %d times", name, calls)
		}
	}
}

func TestKeyingMaterialHasTheLengthAskedFor(t *testing.T) {
	s := &session{}
	long, err := s.Export("label", nil, 100)
	if err != nil || len(long) != 100 {
		t.Errorf("%d octets, %v", len(long), err)
	}
	if p, err := s.Export("label", nil, 0); err != nil || len(p) != 0 {
		t.Errorf("%d octets, %v", len(p), err)
	}
	if _, err := s.Export("label", nil, -1); err == nil {
		t.Error("a negative length is accepted")
	}
}
