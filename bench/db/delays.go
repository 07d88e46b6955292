package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// delays gathers how long changes were on the way, for the parent.
type delays struct {
	mu  sync.Mutex
	all []int64 // nanoseconds
}

func (d *delays) add(ns int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, ns)
}

// tell tells how many there were since the last time, their median and their 99th
// percentile.
func (d *delays) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.all)
	if n == 0 {
		fmt.Println("error nothing has arrived")
		return
	}
	slices.Sort(d.all)
	fmt.Println(n, d.all[n/2], d.all[n*99/100])
	d.all = d.all[:0]
}

// paced calls f so many times, with a pause between in which all comes to rest.
func paced(n int, f func() error) error {
	for range n {
		if err := f(); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}
