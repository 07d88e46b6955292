package merge

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
)

// numbered makes keys of 20 and values of 8 octets.
type numbered struct {
	key   [20]byte
	value [8]byte
}

func (n *numbered) set(s *Store, i, value int, stamp Stamp) {
	s.Set("p", []byte("family"), n.at(i), n.as(value), stamp, "")
}

func (n *numbered) at(i int) []byte {
	copy(n.key[:], "a key of 20")
	binary.BigEndian.PutUint64(n.key[12:], uint64(i)*0x9e3779b97f4a7c15) // as if at random
	return n.key[:]
}

func (n *numbered) as(value int) []byte {
	binary.BigEndian.PutUint64(n.value[:], uint64(value))
	return n.value[:]
}

func million() *Store {
	s := New("self")
	s.Publisher("p", Slave)
	var n numbered
	for i := range 1_000_000 {
		n.set(s, i, i, Stamp(i+1))
		if i%1000 == 999 {
			s.Changes(func(Change) {})
		}
	}
	return s
}

func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAMillionEntriesTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a million entries")
	}
	before := live()
	s := million()
	each := float64(live()-before) / 1e6
	t.Logf("%.1f octets each", each)
	if each > 90 {
		t.Errorf("an entry of 20 and 8 octets takes %.1f", each)
	}
	s.Drop("p")
	s.Changes(func(Change) {})
	if left := float64(live()-before) / 1e6; left > 45 {
		t.Errorf("when they are gone, %.1f octets of each stay", left)
	}
	runtime.KeepAlive(s)
}

func TestSetAndDeleteMakeNoGarbage(t *testing.T) {
	s := New("self")
	s.Publisher("p", Slave)
	var n numbered
	i := 0
	round := func() {
		for range 100 {
			i++
			n.set(s, i, i, Stamp(i))
			n.set(s, i, i+1, Stamp(i+1))
			s.Delete("p", []byte("family"), n.at(i-500))
		}
		s.Changes(func(Change) {})
	}
	for range 100 {
		round()
	}
	if got := testing.AllocsPerRun(100, round); got != 0 {
		t.Errorf("%v allocations for 300 changes", got)
	}
}

func BenchmarkSet(b *testing.B) {
	var n numbered
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		s := New("self")
		s.Publisher("p", Slave)
		for i := 0; b.Loop(); i++ {
			n.set(s, i, i, Stamp(i))
			if i%1000 == 999 {
				s.Changes(func(Change) {})
			}
			if i == 1_000_000 {
				b.StopTimer()
				s.Drop("p")
				s.Changes(func(Change) {})
				i = 0
				b.StartTimer()
			}
		}
	})
	s := million()
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			n.set(s, i%1_000_000, i, Stamp(i))
			if i%1000 == 999 {
				s.Changes(func(Change) {})
			}
		}
	})
	b.Run("equal", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			n.set(s, 7, 7, 7)
		}
	})
}

func BenchmarkDelete(b *testing.B) {
	b.ReportAllocs()
	s := million()
	var n numbered
	for i := 0; b.Loop(); i++ {
		s.Delete("p", []byte("family"), n.at(i%1_000_000))
		if i%1000 == 999 {
			s.Changes(func(Change) {})
		}
		if i%1_000_000 == 999_999 {
			b.StopTimer()
			s = million()
			b.StartTimer()
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := million()
	keys := make([]string, 1000)
	var n numbered
	for i := range keys {
		keys[i] = string(n.at(i * 997))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := s.Get("family", keys[i%1000]); !ok {
			b.Fatal(fmt.Sprint(i))
		}
	}
}

func BenchmarkFamily(b *testing.B) {
	s := million()
	b.ReportAllocs()
	keys := 0
	for b.Loop() {
		for range s.Family("family") {
			keys++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(keys), "ns/key")
}
