package sim

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func TestAnActorWaitsInVirtualTime(t *testing.T) {
	w := New(Options{})
	defer w.Close()
	var log []string
	w.Go(func() {
		w.Sleep(2 * time.Second)
		log = append(log, "two")
		w.Sleep(2 * time.Second)
		log = append(log, "four")
	})
	w.Go(func() { w.Sleep(3 * time.Second); log = append(log, "three") })
	w.Sleep(time.Second) // the test itself
	if w.Now() != time.Second || len(log) != 0 {
		t.Fatalf("%v, %v", w.Now(), log)
	}
	w.Run(10 * time.Second)
	if len(log) != 3 || log[0] != "two" || log[1] != "three" || log[2] != "four" {
		t.Errorf("%v", log)
	}
}

func TestOnlyActorsAndTheTestMayWait(t *testing.T) {
	d := newDuo(t, Options{})
	n := 0
	try := func() {
		n++
		if mustPanic(func() { d.Sleep(1) }) == nil {
			t.Error("it waited")
		}
	}
	d.After(0, try)
	d.la.Post(loop.Func(try))
	d.Do(d.la, func() { d.la.Offload(try, func() {}) })
	d.pass(time.Second)
	if n != 3 {
		t.Errorf("tried %d times", n)
	}
}

func TestActorsThatWaitForEverAreLetGo(t *testing.T) {
	before := runtime.NumGoroutine()
	w := New(Options{})
	unwound := 0
	for range 10 {
		w.Go(func() {
			defer func() { unwound++ }()
			w.Sleep(1 << 62)
		})
	}
	w.Run(time.Second)
	w.Go(func() { t.Error("an actor began after the end") })
	w.Close()
	if unwound != 10 || len(w.Panics) != 0 || runtime.NumGoroutine() > before {
		t.Errorf("%d unwound, %d panics, %d goroutines, before %d", unwound, len(w.Panics), runtime.NumGoroutine(), before)
	}
}

// detach detaches p's connection.
func detach(t *testing.T, d *duo, p *probe) (nc net.Conn) {
	t.Helper()
	d.Do(p.c.Loop(), func() {
		var err error
		if nc, err = p.c.Detach(nil); err != nil {
			t.Fatal(err)
		}
	})
	return nc
}

func TestTheTestItselfCanUseADetachedConnection(t *testing.T) {
	d := connected(t, Options{})
	nc := detach(t, d, d.c)
	d.v.onData = func(p []byte) { d.v.c.Write(p) }
	if _, err := nc.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 5)
	if _, err := io.ReadFull(nc, p); err != nil || string(p) != "hello" {
		t.Fatalf("%q, %v", p, err)
	}
	if err := nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := nc.Write(p); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after CloseWrite: %v", err)
	}
	d.until(t, "EOF", func() bool { return d.v.eofs == 1 })
	if _, err := nc.Read(p); err == nil {
		t.Error("Read came back though nothing is left to happen")
	}
	d.Do(d.lb, func() { d.v.c.Close(nil) })
	if _, err := nc.Read(p); err != io.EOF {
		t.Errorf("%v", err)
	}
	if err := nc.Close(); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"Close": nc.Close(), "Read": second(nc.Read(p)), "Write": second(nc.Write(p)),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

func second(_ int, err error) error { return err }

func TestADetachedConnectionNoticesItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(d *duo)
		want error
	}{
		"a reset":              {func(d *duo) { d.ResetConn(d.c.c, BothEnds) }, nil},
		"its own process dies": {func(d *duo) { d.ga.Crash() }, net.ErrClosed},
	} {
		d := connected(t, Options{})
		nc := detach(t, d, d.c)
		d.After(time.Second, func() { c.end(d) })
		var readErr, writeErr error
		done := 0
		d.Go(func() { _, readErr = nc.Read(make([]byte, 1)); done++ })
		d.Go(func() {
			d.Do(d.lb, func() { d.v.c.Pause() })
			_, writeErr = nc.Write(make([]byte, 1<<20))
			done++
		})
		d.until(t, name, func() bool { return done == 2 })
		for _, err := range []error{readErr, writeErr} {
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestADetachedConnectionThatIsNotReadTimesOutInWrite(t *testing.T) {
	d := connected(t, Options{})
	nc := detach(t, d, d.c)
	d.Do(d.lb, func() { d.v.c.Pause() })
	if err := nc.SetWriteDeadline(d.la.Wall().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || d.Now() < time.Second {
		t.Errorf("%v at %v", err, d.Now())
	}
}
