package global

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// ErrNoMember: a group has nobody to send to.
var ErrNoMember = errors.New("no member")

// GroupOptions is how a Group chooses among its members.
type GroupOptions struct {
	Pick Pick
}

// A Group is the ports that are keys of a family, such as those that were given to
// DB.Register: whoever sends to the group sends to one of them. Its methods may be
// called from any goroutine unless they say otherwise. A handler sends to what Next
// gives.
type Group struct {
	db    *DB
	watch *Watch
	known chan struct{} // closed when the members are

	mu      sync.Mutex
	chooser chooser
	once    bool
}

// Group makes a group of a family and begins to watch it. Its members are known
// a moment later: see Ready. The error is a *NameError, ErrTooMany or ErrClosed.
func (d *DB) Group(family string, o GroupOptions) (*Group, error) {
	g := &Group{db: d, known: make(chan struct{}), chooser: newChooser(o.Pick, d.random)}
	var err error
	g.watch, err = d.Watch(family, func(_ *kernel.Context, c Change) { g.update(c) })
	if err != nil {
		return nil, err
	}
	return g, nil
}

// update is on the loop.
func (g *Group) update(c Change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range c.Added {
		if isPort(key) {
			g.chooser.add(key)
		}
	}
	for _, key := range c.Deleted {
		g.chooser.remove(key)
	}
	if !g.once {
		g.once = true
		close(g.known)
	}
}

// isPort says whether a key can be the ID of a port that isn't a node's own.
func isPort(key string) bool {
	_, port, ok := strings.Cut(key, "#")
	return ok && port != ""
}

// Ready waits until the members are known, which takes a master. Errors are as with DB.Family.
func (g *Group) Ready(ctx context.Context) error {
	select {
	case <-g.known:
		return nil
	default:
	}
	if g.db.node.Inside() {
		return kernel.ErrWouldBlock
	}
	select {
	case <-g.known:
		return nil
	case <-ctx.Done():
		return g.db.expired(ctx, g.watch.family)
	case <-g.db.ended:
		return kernel.ErrClosed
	}
}

// Members lists the members' port IDs, sorted; none before they are known.
func (g *Group) Members() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.chooser.members)
}

// Next chooses a member, or fails with ErrNoMember. It never waits, so handlers may use it.
func (g *Group) Next() (port string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.next(nil)
}

func (g *Group) next(except []string) (string, error) {
	if member, ok := g.chooser.next(except); ok {
		return member, nil
	}
	return "", fmt.Errorf("group %s: %w", g.watch.family, ErrNoMember)
}

// Send sends a message to one member. Errors are ErrNoMember and those of Node.Send, which
// it waits like. A member that dies takes the message with it.
func (g *Group) Send(args ...any) error {
	member, err := g.Next()
	if err != nil {
		return err
	}
	return g.db.node.Send(member, args...)
}

// SendAll sends a message to all members: to those that there are; none is no error. The
// error joins those of the sends that failed; the others are done.
func (g *Group) SendAll(args ...any) error {
	var faults []error
	for _, member := range g.Members() {
		if err := g.db.node.Send(member, args...); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", member, err))
		}
	}
	return errors.Join(faults...)
}

// Call asks one member, as Node.Call does and with all that holds of that, once the
// members are known. If it dies, or the way to it is lost, another one is asked, so that some may have done the work
// without an answer. When all that there are have died the error is the last *ReasonError
// and ErrNoMember. At ctx's end it is that of Ready or Node.Call: there is no second try then.
func (g *Group) Call(ctx context.Context, args ...any) (codec.Message, error) {
	if err := g.Ready(ctx); err != nil {
		return codec.Message{}, err
	}
	var (
		dead []string
		last error
	)
	for {
		member, err := g.begin(dead)
		if err != nil {
			return codec.Message{}, errors.Join(err, last)
		}
		m, err := g.db.node.Call(ctx, member, args...)
		g.end(member, err == nil)
		var died *kernel.ReasonError
		if !errors.As(err, &died) || died.Port != member {
			return m, err
		}
		dead, last = append(dead, member), err
	}
}

// begin chooses a member for a call.
func (g *Group) begin(except []string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	member, err := g.next(except)
	if err == nil {
		g.chooser.began(member)
	}
	return member, err
}

func (g *Group) end(member string, answered bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.chooser.ended(member, answered)
}

// Close ends the group's watch. Members stay as they were.
func (g *Group) Close() { g.watch.Stop() }
