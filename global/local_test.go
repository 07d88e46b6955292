package global

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// A desk is a Local with a clock that stands still and a count of what it announced.
type desk struct {
	*Local
	t     testing.TB
	told  int
	batch Batch
}

func newDesk(t testing.TB, q Quotas) *desk {
	d := &desk{t: t}
	d.Local = newLocal("me", q, func() time.Time { return time.Unix(1000, 0) }, func() { d.told++ })
	return d
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// takes says what Take gives until there is nothing left: "F +key=value -key".
func (d *desk) takes() string {
	var lines []string
	for d.Take(&d.batch) {
		lines = append(lines, d.batch.Family)
		for _, e := range d.batch.Set {
			lines = append(lines, fmt.Sprintf("+%s=%v", e.Key, codec.ArgsMessage(e.Value, 1).At(0)))
		}
		for _, key := range d.batch.Deleted {
			lines = append(lines, "-"+key)
		}
	}
	return strings.Join(lines, " ")
}

// gives checks what Take gives.
func (d *desk) gives(want string) {
	d.t.Helper()
	if got := d.takes(); got != want {
		d.t.Errorf("took %q, not %q", got, want)
	}
}

func TestWhatIsSetIsTakenOnceWithItsLastValue(t *testing.T) {
	d := newDesk(t, Quotas{})
	d.ok(d.Set("F", "a", 1))
	d.ok(d.Set("F", "b", 1))
	d.ok(d.Set("G", "x", "text"))
	d.ok(d.Set("F", "a", 2))
	d.gives(`F +a=2 +b=1 G +x="text"`)
	d.gives("")
	d.ok(d.Set("F", "a", 2)) // equal
	d.ok(d.Delete("F", "unknown"))
	d.ok(d.Delete("H", "unknown"))
	d.gives("")
	d.ok(d.Delete("F", "a", "b"))
	d.ok(d.Set("F", "b", 3))
	d.gives("F +b=3 -a")
}

func TestWhatWasNeverTakenNeedntBeDeleted(t *testing.T) {
	d := newDesk(t, Quotas{})
	d.ok(d.Set("F", "a", 1))
	d.ok(d.Delete("F", "a"))
	d.gives("")
	if len(d.families) != 0 {
		t.Error("the family is remembered")
	}
}

func TestItIsAnnouncedOnceUntilAllIsTaken(t *testing.T) {
	d := newDesk(t, Quotas{})
	d.ok(d.Set("F", "a", 1))
	d.ok(d.Set("F", "b", 1))
	if d.told != 1 {
		t.Errorf("announced %d times", d.told)
	}
	d.takes()
	d.ok(d.Set("F", "b", 1))
	if d.told != 1 {
		t.Error("an equal value was announced")
	}
	d.ok(d.Delete("F", "b"))
	if d.told != 2 {
		t.Errorf("announced %d times", d.told)
	}
}

func TestANewMasterIsToldEverythingThatIsSet(t *testing.T) {
	d := newDesk(t, Quotas{})
	d.setInternal(familyNodes, "me", []byte{0x90})
	d.ok(d.Set("F", "a", 1))
	d.ok(d.Set("F", "b", 1))
	d.takes()
	first := d.entriesOf(familyNodes)["me"].stamp
	d.ok(d.Delete("F", "b")) // while there is no master
	d.ok(d.Set("F", "c", 1))
	d.Renew()
	d.gives("'l +me=[] F +c=1 +a=1")
	if again := d.entriesOf(familyNodes)["me"].stamp; again <= first {
		t.Errorf("the addresses have stamp %d, after %d", again, first)
	}
	d.ok(d.Delete("F", "a"))
	d.gives("F -a")
}

func TestLargeChangesAreTakenInPieces(t *testing.T) {
	d := newDesk(t, Quotas{})
	for i := range 10 {
		d.ok(d.Set("F", fmt.Sprint(i), strings.Repeat("x", takeOctets/3)))
	}
	pieces := 0
	for d.Take(&d.batch) {
		pieces++
		if n := len(d.batch.Set); n > 3 {
			t.Errorf("%d at once", n)
		}
	}
	if pieces != 4 {
		t.Errorf("%d pieces", pieces)
	}
}

func TestNamesAndValuesAreChecked(t *testing.T) {
	d := newDesk(t, Quotas{})
	deep := any(1)
	for range maxValueDepth + 1 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		family, key string
		value       any
		want        string
	}{
		{"", "k", 1, `family "" is empty`},
		{"1F", "k", 1, `family "1F" doesn't begin with a letter`},
		{"'l", "k", 1, `family "'l" doesn't begin with a letter`},
		{"F x", "k", 1, `family "F x" has ' ', which is none of A-Z a-z 0-9 _ :`},
		{"Fä", "k", 1, `family "Fä" has 'Ã', which is none of A-Z a-z 0-9 _ :`},
		{strings.Repeat("F", 256), "k", 1, `has more than 255 octets`},
		{"F", "", 1, `key "" is empty`},
		{"F", "\xff", 1, `key "\xff" is not UTF-8`},
		{"F", strings.Repeat("k", 1025), 1, `has more than 1024 octets`},
		{"F", "k", make(chan int), `value of F "k": Go type chan int can't be carried by msgpack`},
		{"F", "k", math.NaN(), `value of F "k": float NaN can't be carried by json`},
		{"F", "k", make([]byte, MaxValue), `value of F "k": more octets in a message than the limit of 1048576`},
		{"F", "k", deep, `value of F "k": more levels of nesting than the limit of 480`},
		{"F", "k", codec.Raw{0xc1}, `value of F "k": malformed msgpack at octet 0: octet 0xc1 begins no value`},
	} {
		for name, err := range map[string]error{
			"Set":    d.Set(c.family, c.key, c.value),
			"SetAll": d.SetAll(c.family, map[string]any{"a": 1, c.key: c.value}),
		} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s(%.20q, %.20q): %v, not %s", name, c.family, c.key, err, c.want)
			}
		}
	}
	d.gives("")
	var value *codec.ValueError
	if err := d.Set("F", "k", math.Inf(1)); !errors.As(err, &value) || value.Framing != codec.JSON {
		t.Error(err)
	}
	d.ok(d.Set("F:g_1", strings.Repeat("ü", 512), nil))
	var name *NameError
	if err := d.Delete("F", "k", ""); !errors.As(err, &name) || name.What != "key" {
		t.Error(err)
	}
	if err := d.Delete("'g", "k"); !errors.As(err, &name) || name.What != "family" {
		t.Error(err)
	}
}

func TestQuotasBoundWhatANodeHolds(t *testing.T) {
	d := newDesk(t, Quotas{Families: 2, Keys: 3, Octets: 100})
	d.ok(d.Set("F", "a", 1))
	d.ok(d.Set("G", "a", 1))
	refused := func(err error, what string) {
		t.Helper()
		var quota *QuotaError
		if !errors.As(err, &quota) || quota.What != what || !strings.Contains(err.Error(), what+" in the database than the quota of ") {
			t.Errorf("%v, not the quota of %s", err, what)
		}
	}
	refused(d.Set("H", "a", 1), "families")
	d.ok(d.Set("F", "b", 1))
	refused(d.Set("F", "c", 1), "keys")
	refused(d.SetAll("G", map[string]any{"a": 2, "b": 2}), "keys")
	d.ok(d.Set("F", "b", 2))
	refused(d.Set("F", "b", strings.Repeat("x", 100)), "octets")
	d.ok(d.Delete("F", "b"))
	refused(d.Set("F", "b", strings.Repeat("x", 100)), "octets")
	d.ok(d.Delete("G", "a"))
	d.ok(d.Set("H", "a", 1))
	d.setInternal(familyGlobals, "me", []byte{0xc0}) // doesn't count
	d.ok(d.Set("H", "b", 1))
	d.gives("F +a=1 H +a=1 +b=1 'g +me=null")
	d.Close()
	if err := d.Set("F", "a", 2); !errors.Is(err, kernel.ErrClosed) {
		t.Error(err)
	}
	if err := d.Delete("F", "a"); !errors.Is(err, kernel.ErrClosed) {
		t.Error(err)
	}
}

// Whatever is set, deleted, taken and renewed: a master who is told what is taken knows
// what there is, and the sums are right.
func TestWhoIsToldWhatIsTakenKnowsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLocal("me", Quotas{}, func() time.Time { return time.Unix(1000, 0) }, func() {})
		model, master := map[string]int{}, map[string]int{}
		var b Batch
		take := func(limit int) {
			for range limit {
				if !l.Take(&b) {
					return
				}
				for _, e := range b.Set {
					n, _ := codec.ArgsMessage(e.Value, 1).At(0).Int()
					master[b.Family+e.Key] = int(n)
				}
				for _, key := range b.Deleted {
					if _, known := master[b.Family+key]; !known {
						t.Fatalf("%s %s is deleted, but was never told", b.Family, key)
					}
					delete(master, b.Family+key)
				}
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			family := rapid.SampledFrom([]string{"F", "G"}).Draw(t, "family")
			key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1, 2:
				n := rapid.IntRange(0, 2).Draw(t, "value")
				if err := l.Set(family, key, n); err != nil {
					t.Fatal(err)
				}
				model[family+key] = n
			case 3:
				if err := l.Delete(family, key); err != nil {
					t.Fatal(err)
				}
				delete(model, family+key)
			case 4:
				take(1)
			case 5:
				l.Renew()
				clear(master)
			}
		}
		take(100)
		if fmt.Sprint(model) != fmt.Sprint(master) {
			t.Fatalf("there is %v, the master knows %v", model, master)
		}
		octets, families := 0, map[byte]bool{}
		for name := range model {
			octets += 2
			families[name[0]] = true
		}
		if l.keys != len(model) || l.octets != octets || l.named != len(families) || len(l.families) != len(families) {
			t.Fatalf("%d keys, %d octets, %d (%d) families of %v", l.keys, l.octets, l.named, len(l.families), model)
		}
		stamps := map[string]bool{}
		for _, f := range l.families {
			for _, e := range l.entriesOf(f.name) {
				stamps[fmt.Sprint(e.stamp)] = true
			}
		}
		if len(stamps) != len(model) {
			t.Fatal("two entries have the same stamp")
		}
	})
}

// entriesOf is all entries of a family, by key.
func (l *Local) entriesOf(family string) map[string]*localEntry {
	all := map[string]*localEntry{}
	f := l.families[family]
	for _, head := range []uint32{f.clean, f.dirty} {
		for n := l.entries.at(head).next; n != head; n = l.entries.at(n).next {
			all[l.entries.at(n).key] = l.entries.at(n)
		}
	}
	return all
}

func TestNothingLargeIsKeptForSomethingSmall(t *testing.T) {
	d := newDesk(t, Quotas{})
	d.ok(d.Set("F", "a", make([]byte, 1000)))
	d.ok(d.Set("F", "a", 1))
	if n := cap(d.entriesOf("F")["a"].large); n > 64 {
		t.Errorf("%d octets for one", n)
	}
}

func TestAHotKeyIsSetWithoutAllocation(t *testing.T) {
	d := newDesk(t, Quotas{})
	values := []any{"on", "off"}
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		i++
		d.ok(d.Set("F", "hot", values[i&1]))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSet(b *testing.B) {
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("node-%06d#worker", i)
	}
	values := []any{"on", "off", 3, 4}
	d := newDesk(b, Quotas{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.Set("workers", keys[i%len(keys)], values[i/len(keys)&3]); err != nil {
			b.Fatal(err)
		}
		if i&0xffff == 0 {
			for d.Take(&d.batch) {
			}
		}
	}
}
