package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/seeds"
)

// connect starts the node of a short command and waits until it is in touch with
// the nodes of the given ports, or with what seeds there are.
func (o *options) connect(ctx context.Context, ports ...string) (*aemp.Node, error) {
	if err := o.readCredentials(); err != nil {
		return nil, err
	}
	if o.config.Node == "" {
		o.config.Node = "anon/"
	}
	o.config.Binds = []string{}
	c, err := o.effective(slog.LevelError)
	if err != nil {
		return nil, err
	}
	list, err := seeds.Parse(c.Seeds)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, &usageError{err: errors.New("no seed: give --seed HOST:PORT, or name seeds in the configuration file")}
	}
	node, err := aemp.Start(*c)
	if err != nil {
		return nil, err
	}
	w := &way{node: node, seeds: len(list), wrong: map[string]error{}, changed: make(chan struct{}, 1)}
	for _, port := range ports {
		w.to = append(w.to, nodeOf(port))
	}
	if err := w.wait(ctx); err != nil {
		return nil, errors.Join(err, end(node))
	}
	return node, nil
}

func nodeOf(port string) string {
	node, _ := codec.SplitPortID(port)
	return node
}

// way is the way into the network.
type way struct {
	node    *aemp.Node
	to      []string // nodes
	seeds   int
	changed chan struct{}

	mu    sync.Mutex
	wrong map[string]error // by seed
}

// wait waits until it is of no use to wait any more.
func (w *way) wait(ctx context.Context) error {
	defer w.node.WatchNodes(func(string, bool) { w.signal() })()
	defer w.node.WatchSeeds(w.noteSeed)()
	for {
		if over, err := w.verdict(); over {
			return err
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			if len(w.node.UpNodes()) > 0 {
				return nil
			}
			return w.failure(ctx)
		}
	}
}

func (w *way) signal() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *way) noteSeed(seed string, err error) {
	w.mu.Lock()
	if err == nil {
		delete(w.wrong, seed)
	} else {
		w.wrong[seed] = err
	}
	w.mu.Unlock()
	w.signal()
}

// verdict: all that is wanted is connected, or all that can be, or nobody will talk
// with us. A seed that isn't there may yet come.
func (w *way) verdict() (over bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	up := len(w.node.UpNodes())
	switch {
	case !slices.ContainsFunc(w.to, func(node string) bool { return !w.node.NodeIsUp(node) }):
		return true, nil
	case up > 0:
		return up+len(w.wrong) >= w.seeds, nil
	case len(w.wrong) < w.seeds:
		return false, nil
	}
	for _, err := range w.wrong {
		var refused *aemp.HandshakeError
		if errors.As(err, &refused) {
			return true, w.joined()
		}
	}
	return false, nil
}

func (w *way) failure(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errInterrupted
	case len(w.wrong) == 0:
		return errors.New("no seed answers")
	}
	return w.joined()
}

var errInterrupted = errors.New("interrupted")

// joined is what is wrong with each seed.
func (w *way) joined() error {
	var all []error
	for _, seed := range slices.Sorted(maps.Keys(w.wrong)) {
		all = append(all, seedError(seed, w.wrong[seed]))
	}
	return errors.Join(all...)
}

func seedError(seed string, err error) error {
	var (
		unresolved *seeds.Error
		refused    *aemp.HandshakeError
	)
	switch {
	case errors.As(err, &unresolved):
		return fmt.Errorf("seed %s: %w", seed, unresolved.Err)
	case errors.As(err, &refused) && refused.Peer != "" && refused.Kind == link.CutShort:
		return fmt.Errorf("seed %s: node %s refuses us, is the secret (or certificate) the same there? (%w)", seed, refused.Peer, err)
	}
	return fmt.Errorf("seed %s: %w", seed, err)
}

// explain says in other words why nothing came of a message to a port.
func (o *options) explain(port string, err error) error {
	var died *aemp.ReasonError
	switch {
	case errors.Is(err, aemp.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer within %v", port, o.timeout)
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.As(err, &died) && died.Reason.Message() == aemp.ErrNoAddress.Error():
		return fmt.Errorf("%s: %w: its node is none of the seeds, and there is no database yet to look it up in", port, aemp.ErrNoAddress)
	}
	return err
}
