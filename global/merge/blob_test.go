package merge

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

type pieces struct{ key, value []byte }

func (p pieces) check(b *blobs, ref blobRef) error {
	if got := b.key(ref); !bytes.Equal(got, p.key) {
		return fmt.Errorf("key is %.20q, want %.20q", got, p.key)
	}
	if got := b.value(ref); !bytes.Equal(got, p.value) {
		return fmt.Errorf("value is %.20q, want %.20q", got, p.value)
	}
	return nil
}

func TestBlobsKeepWhatIsPutIntoThem(t *testing.T) {
	sizes := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(100, 150), rapid.IntRange(0, 5000), rapid.Just(bigBlob-3), rapid.Just(1<<14))
	rapid.Check(t, func(t *rapid.T) {
		var b blobs
		all := map[blobRef]pieces{}
		var refs []blobRef
		fill := byte(0)
		octets := func(label string) []byte {
			fill++
			return bytes.Repeat([]byte{fill}, sizes.Draw(t, label))
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			i := rapid.IntRange(0, 2*len(refs)).Draw(t, "which")
			switch {
			case i >= len(refs):
				p := pieces{octets("key"), octets("value")}
				ref := b.put(p.key, p.value)
				if _, twice := all[ref]; twice {
					t.Fatalf("%d given out twice", ref)
				}
				all[ref], refs = p, append(refs, ref)
			case fill%3 == 0:
				b.drop(refs[i])
				delete(all, refs[i])
				refs = append(refs[:i], refs[i+1:]...)
				fill++
			default:
				p := pieces{all[refs[i]].key, octets("value")}
				delete(all, refs[i])
				refs[i] = b.setValue(refs[i], p.value)
				all[refs[i]] = p
			}
			for ref, p := range all {
				if err := p.check(&b, ref); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestPagesAreGivenBackWhenTheyAreEmpty(t *testing.T) {
	var b blobs
	var refs []blobRef
	for i := range 100_000 {
		refs = append(refs, b.put([]byte("key"), make([]byte, i%3000)))
	}
	full := memoryOf(&b)
	for _, ref := range refs {
		b.drop(ref)
	}
	if left := memoryOf(&b); left > len(sizes) {
		t.Errorf("%d pages of %d are left, for %d sizes", left, full, len(sizes))
	}
	for i := range 100_000 {
		b.put([]byte("key"), make([]byte, i%3000))
	}
	if again := memoryOf(&b); again != full || len(b.pages) != full {
		t.Errorf("the same takes %d pages, then %d of %d", full, again, len(b.pages))
	}
}

func memoryOf(b *blobs) (pages int) {
	for _, p := range b.pages {
		if p.data != nil {
			pages++
		}
	}
	return pages
}

// A blob that comes and goes alone must not cost a page each time.
func TestALoneBlobMakesNoGarbage(t *testing.T) {
	var b blobs
	key, value := []byte("key"), []byte("value")
	if n := testing.AllocsPerRun(100, func() { b.drop(b.put(key, value)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEverySizeFitsItsPieces(t *testing.T) {
	for n := 1; n <= bigBlob; n++ {
		size := int(sizes[fits(n)]) * unit
		if size < n || n > 256 && size > n*5/4 || n <= 256 && size >= n+unit {
			t.Errorf("%d octets get a piece of %d", n, size)
		}
	}
	if last := sizes[len(sizes)-1]; int(last)*unit != bigBlob {
		t.Errorf("the last size is %d", last)
	}
}
