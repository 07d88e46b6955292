package main

import (
	"fmt"
	"time"
)

// barePlay is sender, relay and receiver.
type barePlay struct {
	cast
	sender, receiver *child
}

func newBarePlay() (b *barePlay, err error) {
	b = &barePlay{}
	var where, ready string
	if b.receiver, err = b.add("bare-receiver", &where); err == nil {
		_, err = b.add("relay", &where, "-to", where)
	}
	if err == nil {
		b.sender, err = b.add("bare-sender", &ready, "-to", where)
	}
	if err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

func (b *barePlay) latency(n int) (l latency, err error) {
	var ready string
	if err := b.receiver.ask([]any{n}, &ready); err != nil {
		return l, err
	}
	if err := b.sender.tell(n); err != nil {
		return l, err
	}
	return l, b.receiver.answer(&l.changes, &l.median, &l.high)
}

// dbPlay is a global node and two slaves; without watcher one.
type dbPlay struct {
	cast
	global, setter, watcher *child
}

func newDBPlay(watcher bool) (p *dbPlay, err error) {
	p = &dbPlay{}
	var where, ready string
	p.global, err = p.add("global", &where)
	if err == nil {
		p.setter, err = p.add("setter", &ready, "-to", where)
	}
	if err == nil && watcher {
		p.watcher, err = p.add("watcher", &ready, "-to", where)
	}
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (p *dbPlay) latency(n int) (l latency, err error) {
	if err := p.setter.tell("paced", n); err != nil {
		return l, err
	}
	return l, p.watcher.answer(&l.changes, &l.median, &l.high)
}

// throughput of one measurement, in keys a second.
type throughput struct {
	set, deleted, calls float64
	cpu                 string // for each key that was set, by process
}

// cpu is what each of the children has used so far.
func (p *cast) cpu() (all []time.Duration, err error) {
	for _, c := range p.children {
		d, err := c.cpu()
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// throughput sets n keys one by one and then deletes them together.
func (p *dbPlay) throughput(run, n int) (t throughput, err error) {
	var ready string
	family := fmt.Sprint("burst", run)
	if err := p.watcher.ask([]any{"burst", family, n}, &ready); err != nil {
		return t, err
	}
	before, err := p.cpu()
	if err != nil {
		return t, err
	}
	var began, took, saw int64
	if err := p.setter.ask([]any{"burst", family, n}, &began, &took); err != nil {
		return t, err
	}
	if err := p.watcher.answer(&saw); err != nil {
		return t, err
	}
	after, err := p.cpu()
	if err != nil {
		return t, err
	}
	for i, c := range p.children {
		t.cpu += fmt.Sprintf(" %s %d ns", c.role, int64(after[i]-before[i])/int64(n))
	}
	rate := func(ns int64) float64 { return float64(n) / time.Duration(ns).Seconds() }
	t.set, t.calls = rate(saw-began), rate(took)
	if err := p.setter.ask([]any{"delete", family, n}, &began); err != nil {
		return t, err
	}
	if err := p.watcher.answer(&saw); err != nil {
		return t, err
	}
	t.deleted = rate(saw - began)
	return t, nil
}

// memory is what a fresh global node's process has grown by, for each key, once a slave
// has set n keys one by one and all is quiet. The keys are counted afterwards.
func memory(n int) (perKey float64, err error) {
	p, err := newDBPlay(false)
	if err != nil {
		return 0, err
	}
	defer p.end()
	var before, after, began, took int64
	if err := p.global.ask([]any{"rss"}, &before); err != nil {
		return 0, err
	}
	if err := p.setter.ask([]any{"burst", "memory", n}, &began, &took); err != nil {
		return 0, err
	}
	if err := p.quiet(); err != nil {
		return 0, err
	}
	if err := p.global.ask([]any{"rss"}, &after); err != nil {
		return 0, err
	}
	var there int
	if err := p.setter.ask([]any{"count", "memory"}, &there); err != nil {
		return 0, err
	}
	if there != n {
		return 0, fmt.Errorf("%d of %d keys are there", there, n)
	}
	return float64(after-before) / float64(n), nil
}

// quiet waits until the global node has had nearly nothing to do for a second.
func (p *dbPlay) quiet() error {
	for last := time.Duration(0); ; {
		now, err := p.global.cpu()
		if err != nil || now-last < 20*time.Millisecond {
			return err
		}
		last = now
		time.Sleep(time.Second)
	}
}
