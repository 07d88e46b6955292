package seeds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aemp-go/aemp/loop"
)

// errPanic is the answer of a source that gave none. What it panicked with the loop
// has logged.
var errPanic = errors.New("the source panicked")

// A question is one that a source has been asked and hasn't answered.
type question struct {
	cancel context.CancelFunc
	late   loop.Timer
}

func (q *question) end() {
	q.late.Stop()
	q.cancel()
}

// ask asks a source, off the loop.
func (k *Keeper) ask(name string) {
	ctx, cancel := context.WithCancel(context.Background())
	q := &question{cancel: cancel}
	q.late = loop.After(k.loop, k.patience, func() {
		cancel()
		k.apply(k.machine.Overdue(k.loop.Now(), name, fmt.Errorf("no answer within %v", k.patience)))
	})
	k.asked = append(k.asked, q)
	source := k.sources[name]
	var list []string
	err := errPanic
	k.loop.Offload(func() { list, err = source.Seeds(ctx) }, func() {
		q.end()
		k.asked = slices.DeleteFunc(k.asked, func(other *question) bool { return other == q })
		k.answered(name, list, err)
	})
}

func (k *Keeper) answered(name string, list []string, err error) {
	var seeds []Seed
	if err == nil {
		seeds, err = Parse(list)
	}
	k.apply(k.machine.Listed(k.loop.Now(), name, seeds, err))
}
