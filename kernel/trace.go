package kernel

// trace lets a test's checker see what no handler sees.
type trace struct {
	onAccepted func(p *peer, epoch uint64, dropped bool, body []byte)
	onFailing  func(p *peer)
	onIdle     func(p *peer)
	onWatched  func(p *peer, m *Monitor)
}

func (t *trace) accepted(p *peer) func(uint64, bool, []byte) {
	return func(epoch uint64, dropped bool, body []byte) { t.onAccepted(p, epoch, dropped, body) }
}
func (t *trace) failing(p *peer)             { t.onFailing(p) }
func (t *trace) idle(p *peer)                { t.onIdle(p) }
func (t *trace) watched(p *peer, m *Monitor) { t.onWatched(p, m) }
