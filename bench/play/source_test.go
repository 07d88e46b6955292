package play

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestASourceHasTheMessagesOfAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := NewSources(Spec{Pairs: 2, Ports: 3, Warm: time.Second, For: time.Second})
		s := all.Source(1)
		got := make([][]int64, 3)
		for {
			port, number, ok := s.Next()
			if !ok {
				break
			}
			got[port] = append(got[port], number)
			time.Sleep(time.Millisecond)
		}
		for port, numbers := range got {
			numbers = slices.DeleteFunc(slices.Clone(numbers), func(n int64) bool { return n == Warm })
			if n := len(got[port]) - len(numbers); n < 100 {
				t.Errorf("port %d was warmed up by %d messages", port, n)
			}
			if n := len(numbers); n < 100 || numbers[0] != Begin || numbers[n-1] != End {
				t.Fatalf("port %d has got %d messages: %v", port, n, numbers)
			}
			for i, n := range numbers[:len(numbers)-1] {
				if n != int64(i) {
					t.Fatalf("port %d has got %d as message %d", port, n, i)
				}
			}
			if want := all.counts[3+port]; want != int64(len(numbers)-2) {
				t.Errorf("port %d has got %d messages of %d", port, len(numbers)-2, want)
			}
		}
		if _, _, ok := s.Next(); ok {
			t.Error("it went on after its end")
		}
	})
}
