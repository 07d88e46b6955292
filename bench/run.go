package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/aemp-go/aemp/bench/play"
)

// A run is one system at one workload, once, as it is kept in result.json.
type run struct {
	Workload   string `json:"workload"`
	System     string `json:"system"`
	Repetition int    `json:"repetition"`

	Failure string `json:"failure,omitempty"`

	Messages int64         `json:"messages,omitempty"` // or round trips
	Octets   int64         `json:"octets,omitempty"`   // stream: moved; idle: memory for each peer
	Seconds  float64       `json:"seconds,omitempty"`
	CPU      float64       `json:"cpu,omitempty"`  // seconds of all processes
	Peak     int64         `json:"peak,omitempty"` // octets of resident memory of all processes
	Mallocs  *uint64       `json:"mallocs,omitempty"`
	Laps     []play.Lap    `json:"laps,omitempty"`
	Figures  []play.Figure `json:"figures,omitempty"` // database
	Note     string        `json:"note,omitempty"`

	skip string
}

// bound is how long a run may take until it counts as hung: beside what is measured a
// system may have to connect many peers, and to work off what it hasn't sent yet.
func bound(s play.Spec) time.Duration {
	if s.Kind == databaseKind {
		return 15 * time.Minute
	}
	return 20*time.Second + time.Duration(s.Peers)*5*time.Millisecond + 10*(s.Warm+s.For)
}

// conduct plays one run with a new team, and verifies it.
func conduct(ctx context.Context, t *team, limit time.Duration) (r run, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = t.end(t.play(ctx))
	if errors.Is(err, errSkip) {
		return run{skip: t.skip}, nil
	}
	if err == nil {
		err = verify(t.spec, t.sent, t.got)
	}
	if err != nil {
		return run{}, err
	}
	return t.run(), nil
}

// play goes on until all has been said.
func (t *team) play(ctx context.Context) error {
	if t.measurer() == play.Alone {
		if err := t.start(play.Alone); err != nil {
			return err
		}
	} else {
		if err := t.start(play.Receiver); err != nil {
			return err
		}
		if err := t.until(ctx, func() bool { return t.address != "" }); err != nil {
			return err
		}
		if err := t.start(play.Sender); err != nil {
			return err
		}
	}
	return t.until(ctx, func() bool { return t.got != nil && (t.sent != nil || !t.floods()) })
}

func (t *team) run() run {
	r := run{
		Messages: total(t.got.Counts), Octets: t.got.Octets, Seconds: t.got.Seconds,
		CPU: t.cpu.Seconds(), Peak: t.peak, Mallocs: t.got.Mallocs, Laps: t.got.Laps,
		Figures: t.got.Figures, Note: t.got.Note,
	}
	if t.sent != nil && r.Note == "" {
		r.Note = t.sent.Note
	}
	if t.sent != nil && t.measurer() != play.Alone { // alone has counted both already
		r.Mallocs = plus(t.got.Mallocs, t.sent.Mallocs)
	}
	return r
}

// plus is what two processes have allocated, if both say so.
func plus(a, b *uint64) *uint64 {
	if a == nil || b == nil {
		return nil
	}
	sum := *a + *b
	return &sum
}

const starts = 10 // starts of a process in each run

// conductStarts measures how long it takes from the start of the sender's process to its
// first message at the receiver, again and again.
func conductStarts(ctx context.Context, next func() *team, limit time.Duration) (r run, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	times := hdrhistogram.New(1000, int64(time.Minute), 3)
	for i := range starts {
		t := next()
		took, err := t.startAndSay(ctx)
		err = t.end(err)
		switch {
		case errors.Is(err, errSkip):
			return run{skip: t.skip}, nil
		case err != nil:
			return run{}, fmt.Errorf("start %d: %w", i+1, err)
		}
		if err := times.RecordValue(int64(took)); err != nil {
			return run{}, err
		}
		r.Seconds += took.Seconds()
		r.Messages++
		r.CPU += t.cpu.Seconds()
		r.Peak = max(r.Peak, t.peak)
	}
	r.Laps = bars(times)
	return r, nil
}

// startAndSay starts both processes and waits for the first message.
func (t *team) startAndSay(ctx context.Context) (took time.Duration, err error) {
	if err := t.start(play.Receiver); err != nil {
		return 0, err
	}
	if err := t.until(ctx, func() bool { return t.address != "" }); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := t.start(play.Sender); err != nil {
		return 0, err
	}
	if err := t.until(ctx, func() bool { return !t.begun.IsZero() }); err != nil {
		return 0, err
	}
	t.cpu = since(nil, t.before)
	t.peak = peakMemory(t.pids)
	return t.begun.Sub(began), nil
}
