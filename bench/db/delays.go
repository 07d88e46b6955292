package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// delays gathers how long each of an expected number of changes was on the way, and then
// tells the parent median and 99th percentile, in nanoseconds.
type delays struct {
	mu   sync.Mutex
	want int
	all  []int64
}

func (d *delays) expect(words []string) {
	n, _ := strconv.Atoi(words[0])
	d.mu.Lock()
	d.want, d.all = n, make([]int64, 0, n)
	d.mu.Unlock()
	fmt.Println("ready")
}

func (d *delays) add(ns int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all = append(d.all, ns); len(d.all) == d.want {
		slices.Sort(d.all)
		fmt.Println(d.all[len(d.all)/2], d.all[len(d.all)*99/100])
	}
}

// paced calls f so many times, with a pause between in which all comes to rest.
func paced(words []string, f func() error) error {
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	for range n {
		if err := f(); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}
