//go:build !linux

package reactor

func newBell(bool) (bell, error) { return newPipeBell() }

func newAlarm(_ bool, due func()) (alarm, error) { return newClockAlarm(due), nil }
