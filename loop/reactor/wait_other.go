//go:build !linux

package reactor

import "github.com/aemp-go/aemp/loop"

func (l *eventLoop) wait() error { return l.waitByGnet() }

// Attend does nothing: gnet's wait can't be taken over.
func (l *eventLoop) Attend(loop.Waiter) {}
