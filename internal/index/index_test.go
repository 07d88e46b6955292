package index

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// An Index finds what a map finds, whatever the hashes are like.
func TestAnIndexFindsWhatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		there := map[uint32][]uint32{} // numbers by hash
		mask := rapid.SampledFrom([]uint32{0, 0xf, 0xf0000000, 0xfff, 0xfff00000, ^uint32(0)}).Draw(t, "mask")
		hash := rapid.Map(rapid.Uint32(), func(h uint32) uint32 { return h & mask })
		next := uint32(0)
		for range rapid.IntRange(1, 3000).Draw(t, "steps") {
			h := hash.Draw(t, "hash")
			numbers := there[h]
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1, 2:
				next++
				x.Add(h, next)
				there[h] = append(numbers, next)
			case 3:
				if len(numbers) > 0 {
					x.Replace(h, numbers[0], 0)
					there[h] = numbers[1:]
				}
			case 4:
				x.Replace(h, next+1, 0) // which isn't there
				if len(numbers) > 0 {
					next++
					x.Replace(h, numbers[0], next)
					numbers[0] = next
				}
			}
		}
		count := 0
		for h, numbers := range there {
			count += len(numbers)
			var found []uint32
			x.Find(h, func(ref uint32) bool { found = append(found, ref); return false })
			slices.Sort(found)
			slices.Sort(numbers)
			if !slices.Equal(found, numbers) {
				t.Fatalf("with hash %#x there are %d, not %d", h, found, numbers)
			}
		}
		if x.Len() != count {
			t.Fatalf("%d, not %d", x.Len(), count)
		}
	})
}

func TestNothingIsFoundInAnEmptyIndex(t *testing.T) {
	var x Index
	x.Replace(1, 1, 0)
	if got := x.Find(1, func(uint32) bool { return true }); got != 0 {
		t.Error(got)
	}
}

// More with the same first bits than any directory tells apart.
func TestATableGrowsWhereTheDirectoryEnds(t *testing.T) {
	var x Index
	const n = 4 * mostSlots
	for i := range uint32(n) {
		x.Add(0xabcdef00|i&0xff, i+1)
	}
	for i := range uint32(n) {
		if x.Find(0xabcdef00|i&0xff, func(ref uint32) bool { return ref == i+1 }) == 0 {
			t.Fatal(i)
		}
	}
	if len(x.tables) > 1<<mostBits {
		t.Error(len(x.tables))
	}
}

func BenchmarkAdd(b *testing.B) {
	var x Index
	for i := range b.N {
		x.Add(uint32(i)*2654435769, uint32(i+1))
	}
}
