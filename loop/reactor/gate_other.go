//go:build !linux

package reactor

// A gate is of use where a loop waits by itself.
type gate struct{}

func (gate) built() bool { return false }
func (gate) tearDown()   {}
