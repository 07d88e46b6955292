package kernel

// trace lets a test's checker see what no handler sees.
type trace struct {
	onAccepted func(p *peer, epoch uint64, dropped bool, body []byte)
	onFailing  func(p *peer)
	onIdle     func(p *peer)
	onProved   func(c *conn) // our proof goes out
	onDied     func(p *Port)
}

func (t *trace) accepted(p *peer) func(uint64, bool, []byte) {
	return func(epoch uint64, dropped bool, body []byte) { t.onAccepted(p, epoch, dropped, body) }
}
