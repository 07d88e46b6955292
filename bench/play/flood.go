package play

import (
	"sync"
	"time"
)

// Flood is the sending side: it runs Spec.Pairs senders, each on a goroutine of its own,
// calls send for each message, and tells the harness how many they were. Sender pair
// gives its messages to its ports in turn; each port has numbers of its own.
func Flood(s Spec, send func(pair, port int, number int64) error) error {
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		failed error
		counts = make([]int64, s.Pairs*s.Ports)
		warmed sync.WaitGroup
	)
	warmed.Add(s.Pairs)
	for pair := range s.Pairs {
		all.Go(func() {
			err := flood(s, counts[pair*s.Ports:][:s.Ports], func() { warmed.Done(); warmed.Wait() },
				func(port int, number int64) error { return send(pair, port, number) })
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	warmed.Wait()
	before := Mallocs()
	all.Wait()
	if failed != nil {
		return failed
	}
	mallocs := Mallocs() - before
	Say(Line{Result: &Result{Counts: counts, Mallocs: &mallocs}})
	return nil
}

const burst = 1024 // messages between looks at the clock

// flood is one sender. warmed is called once, whatever happens.
func flood(s Spec, counts []int64, warmed func(), send func(port int, number int64) error) error {
	each := func(number int64) error {
		for port := range counts {
			if err := send(port, number); err != nil {
				return err
			}
		}
		return nil
	}
	rounds := max(1, burst/len(counts))
	for start := time.Now(); time.Since(start) < s.Warm; {
		for range rounds {
			if err := each(Warm); err != nil {
				warmed()
				return err
			}
		}
	}
	warmed()
	if err := each(Begin); err != nil {
		return err
	}
	n := int64(0)
	for start := time.Now(); time.Since(start) < s.For; {
		for range rounds {
			n++
			if err := each(n); err != nil {
				return err
			}
		}
	}
	for port := range counts {
		counts[port] = n
	}
	return each(End)
}
