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
		switch words[0] {
		case "rss":
			fmt.Println(residentMemory())
		case "cpu":
			fmt.Println(int64(cpuTime()))
		default:
			return fmt.Errorf("an order %q", words[0])
		}
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
			return paced(words[1:], func() error { return n.DB().Set(latencyFamily, latencyKey, clock.now()) })
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
	all := allKeys(n)
	values := make([]any, n)
	for i := range values {
		values[i] = value(i)
	}
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
	var d delays
	_, err = n.DB().Watch(latencyFamily, func(_ *aemp.Context, c aemp.Change) {
		now := clock.now()
		if v, ok := c.View.Get(latencyKey); ok {
			sent, _ := v.Int()
			d.add(now - sent)
		}
	})
	if err != nil {
		return err
	}
	return obey(func(words []string) error {
		switch words[0] {
		case "paced":
			d.expect(words[1:])
			return nil
		case "burst":
			return awaitBurst(n.DB(), clock, words[1], number(words[2]))
		}
		return fmt.Errorf("an order %q", words[0])
	})
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
	for i, key := range allKeys(n) {
		got, ok := v.Get(key)
		if text, _ := got.Text(); !ok || text != value(i) {
			return fmt.Errorf("key %q is %q, not %q", key, text, value(i))
		}
	}
	return nil
}

// allKeys are n keys of 20 octets, sorted.
func allKeys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("key-%016d", i)
	}
	return all
}

// value is of 8 octets.
func value(i int) string { return fmt.Sprintf("%08x", uint32(i)*2654435761) }

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
