package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

// The three nodes: global, setter and watcher.

const (
	latencyFamily = "latency"
	latencyKey    = "a key of twenty octs"
	endKey        = "end" // changes after the last of a measurement

	// patience is how long anything may take.
	patience = 2 * time.Minute
)

// startNode starts the process's node: the global one listens, the others look for it.
func startNode(id string) (*aemp.Node, error) {
	c := aemp.Config{
		Node: id, Secret: "bench", NoRC: true, Loops: 1, LogLevel: "error",
		Binds: []string{"127.0.0.1:0"},
	}
	if *to != "" {
		c.Seeds = []string{*to}
	}
	return aemp.Start(c)
}

// joined starts a slave and waits for its master.
func joined(id string) (*aemp.Node, error) {
	n, err := startNode(id)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// Somebody has to answer.
	if _, err := n.DB().Keys(ctx, latencyFamily); err != nil {
		return nil, err
	}
	fmt.Println("ready")
	return n, nil
}

func globalRole() error {
	n, err := startNode("global")
	if err != nil {
		return err
	}
	fmt.Println(n.Addresses()[0])
	return obey(func(words []string) error {
		if words[0] != "rss" {
			return fmt.Errorf("an order %q", words[0])
		}
		fmt.Println(residentMemory())
		return nil
	})
}

func setterRole() error {
	clock, err := newClock()
	if err != nil {
		return err
	}
	n, err := joined("setter")
	if err != nil {
		return err
	}
	return obey(func(words []string) error {
		switch words[0] {
		case "paced":
			err := paced(number(words[1]), func() error { return n.DB().Set(latencyFamily, latencyKey, clock.now()) })
			return errors.Join(err, n.DB().Set(latencyFamily, endKey, clock.now()))
		case "burst":
			return burst(n.DB(), clock, words[1], number(words[2]))
		case "delete":
			all := allKeys(number(words[2]))
			start := clock.now()
			err := n.DB().Delete(words[1], all...)
			fmt.Println(start)
			return err
		case "count":
			return count(n.DB(), words[1])
		}
		return fmt.Errorf("an order %q", words[0])
	})
}

// burst sets so many keys one by one and tells when it began, and how long the calls took.
func burst(db *aemp.DB, c clock, family string, n int) error {
	all, values := allKeys(n), allValues(n)
	start := c.now()
	for i, key := range all {
		if err := db.Set(family, key, values[i]); err != nil {
			return err
		}
	}
	fmt.Println(start, c.now()-start)
	return nil
}

// count asks the global node for the keys, and tells how many there are.
func count(db *aemp.DB, family string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := db.Keys(ctx, family)
	if err != nil {
		return err
	}
	if want := allKeys(len(all)); !slices.Equal(all, want) {
		return errors.New("the keys aren't those that were set")
	}
	fmt.Println(len(all))
	return nil
}

func watcherRole() error {
	clock, err := newClock()
	if err != nil {
		return err
	}
	n, err := joined("watcher")
	if err != nil {
		return err
	}
	if err := watchLatency(n.DB(), clock); err != nil {
		return err
	}
	return obey(func(words []string) error {
		if words[0] == "burst" {
			return awaitBurst(n.DB(), clock, words[1], number(words[2]))
		}
		return fmt.Errorf("an order %q", words[0])
	})
}

// watchLatency tells of the changes of latencyKey whenever endKey has changed.
func watchLatency(db *aemp.DB, c clock) error {
	var d delays
	_, err := db.Watch(latencyFamily, func(_ *aemp.Context, ch aemp.Change) {
		now := c.now()
		for _, key := range slices.Concat(ch.Added, ch.Changed) {
			if key == endKey {
				d.tell()
				continue
			}
			v, _ := ch.View.Get(key)
			sent, _ := v.Int()
			d.add(now - sent)
		}
	})
	return err
}

// awaitBurst watches a family. It tells when all keys are there, and whether they and their
// values are right; then when the last of them is gone.
func awaitBurst(db *aemp.DB, c clock, family string, n int) error {
	full := false
	_, err := db.Watch(family, func(_ *aemp.Context, ch aemp.Change) {
		switch {
		case !full && ch.View.Len() == n:
			full = true
			now := c.now()
			if err := compare(ch.View, n); err != nil {
				fmt.Println("error", err)
				return
			}
			fmt.Println(now)
		case full && ch.View.Len() == 0:
			fmt.Println(c.now())
		}
	})
	fmt.Println("ready")
	return err
}

// compare checks what a watcher holds.
func compare(v aemp.View, n int) error {
	values := allValues(n)
	for i, key := range allKeys(n) {
		got, ok := v.Get(key)
		if text, _ := got.Text(); !ok || text != values[i] {
			return fmt.Errorf("key %q is %q, not %q", key, text, values[i])
		}
	}
	return nil
}

// allKeys are n keys of 20 octets, sorted. They share their memory, so that they
// themselves are no work for the garbage collector.
func allKeys(n int) []string {
	return slice(n, 20, func(b []byte, i int) []byte { return fmt.Appendf(b, "key-%016d", i) })
}

// allValues are as many values of 8 octets.
func allValues(n int) []string {
	return slice(n, 8, func(b []byte, i int) []byte { return fmt.Appendf(b, "%08x", uint32(i)*2654435761) })
}

func slice(n, size int, add func([]byte, int) []byte) []string {
	text := make([]byte, 0, n*size)
	for i := range n {
		text = add(text, i)
	}
	whole := string(text)
	all := make([]string, n)
	for i := range all {
		all[i] = whole[i*size : (i+1)*size]
	}
	return all
}

func number(word string) int {
	n, _ := strconv.Atoi(word) // of our own making
	return n
}

// residentMemory of the process now, in octets.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
