// Package window bounds how many messages of a flood are under way, for systems whose
// queues have no bound or that drop what they can't hold.
//
// The bound is so wide that nobody waits for a grant who needn't: a receiver grants a share
// for each share that it has taken, and there are several of those under way. It is so
// narrow that queues hold a small part of what is measured. Otherwise much of that would
// have been sent, carried and decoded before the receiver gets to the message that begins
// the measurement, and would be counted without its costs.
package window

import "github.com/aemp-go/aemp/bench/play"

const (
	most   = 48 << 10 // messages of all senders together
	octets = 16 << 20 // of their texts
	shares = 8        // that a receiver's part of the window has
)

// Share is how many messages a receiver takes between two grants.
func Share(s play.Spec) int {
	of := min(most, octets/max(1, s.Size)) / s.Pairs / s.Ports / shares
	return max(1, of)
}

// All is how many messages of one sender may be under way.
func All(s play.Spec) int { return Share(s) * shares * s.Ports }

// A Window is that of one sender. Take is for its goroutine, Grant for any.
type Window struct {
	left   int
	share  int
	grants chan struct{}
}

// New opens the window of one of the senders.
func New(s play.Spec) *Window {
	return &Window{left: All(s), share: Share(s), grants: make(chan struct{}, shares*s.Ports+1)}
}

// Each opens the windows of all senders.
func Each(s play.Spec) []*Window {
	w := make([]*Window, s.Pairs)
	for k := range w {
		w[k] = New(s)
	}
	return w
}

// Take waits until a message more may be sent.
func (w *Window) Take() {
	if w.left == 0 {
		<-w.grants
		w.left = w.share
	}
	w.left--
}

// Grant says that a receiver has taken a share.
func (w *Window) Grant() { w.grants <- struct{}{} }

// A Count is the receiver's side: it counts up to a share.
type Count struct{ share, taken int }

// NewCount is that of one receiver.
func NewCount(s play.Spec) Count { return Count{share: Share(s)} }

// Full says whether with this message a share is taken, which the sender is to be told.
func (c *Count) Full() bool {
	if c.taken++; c.taken < c.share {
		return false
	}
	c.taken = 0
	return true
}
