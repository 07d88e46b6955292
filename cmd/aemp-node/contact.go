package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/seeds"
)

// ask runs f with the node of a short command, once that is in touch with the nodes of
// the given ports or what seeds there are. All of it takes no longer than --timeout.
func (o *options) ask(ctx context.Context, f func(context.Context, *aemp.Node) error, ports ...string) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	node, err := o.connect(ctx, ports...)
	if err != nil {
		return err
	}
	if err := f(ctx, node); err != nil {
		_ = end(node) // the reason for it is err
		return o.explain(err, ports...)
	}
	return end(node)
}

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
	list, sources, err := seeds.ParseAll(c.Seeds)
	if err != nil {
		return nil, err
	}
	if len(list)+len(sources) == 0 {
		return nil, &usageError{err: errors.New("no seed: give --seed HOST:PORT, or name seeds in the configuration file")}
	}
	node, err := aemp.Start(*c)
	if err != nil {
		return nil, err
	}
	w := &way{node: node, seeds: len(list) + len(sources), wrong: map[string]error{}, changed: make(chan struct{}, 1)}
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
	seeds   int      // and sources of seeds
	changed chan struct{}

	mu    sync.Mutex
	wrong map[string]error // by seed
	none  bool             // no seed can be reached
}

// grace is how long to wait for the other seeds when there is one. It most likely knows
// the network, but of two seeds that haven't met either may be the only way to a node.
const grace = time.Second

// wait waits until it is of no use to wait any more.
func (w *way) wait(ctx context.Context) error {
	defer w.node.WatchNodes(func(string, bool) { w.signal() })()
	defer w.node.WatchSeeds(w.noteSeed)()
	var late <-chan time.Time
	for {
		if over, err := w.verdict(); over {
			return err
		}
		if late == nil && len(w.node.UpNodes()) > 0 {
			late = time.After(grace)
		}
		select {
		case <-w.changed:
		case <-late:
			return nil
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
	switch {
	case seed == "": // all of them
		w.none = err != nil
	case err == nil:
		delete(w.wrong, seed)
	default:
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
	case len(w.to) > 0 && !slices.ContainsFunc(w.to, func(node string) bool { return !w.node.NodeIsUp(node) }):
		return true, nil
	case up > 0:
		return len(w.to) == 0 || up+len(w.wrong) >= w.seeds, nil
	case !w.none:
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

// explain says in other words why nothing came of what was asked of the ports, or of the
// database.
func (o *options) explain(err error, ports ...string) error {
	var (
		died     *aemp.ReasonError
		noMaster *aemp.NoMasterError
		name     *aemp.NameError
		quota    *aemp.QuotaError
	)
	of := ""
	if len(ports) > 0 {
		of = strings.Join(ports, " ") + ": "
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &noMaster):
		return fmt.Errorf("family %s: no global node answers within %v: is a seed there, and one that keeps the database?", quoted(noMaster.Family), o.timeout)
	case errors.As(err, &name):
		return &usageError{err: err}
	case errors.As(err, &quota):
		return fmt.Errorf("%w: delete what isn't needed", err)
	case errors.Is(err, aemp.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%sno answer within %v", of, o.timeout)
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.As(err, &died) && died.Reason.Message() == aemp.ErrNoAddress.Error():
		return fmt.Errorf("%s%w: the network has no such node, or it listens nowhere", of, aemp.ErrNoAddress)
	}
	return err
}
