//go:build !linux

package reactor

func (l *eventLoop) wait() error { return l.waitByGnet() }
