package seeds

import (
	"fmt"
	"log/slog"
	"net/netip"
)

// Each outage is logged once, not each attempt.

// bounded leaves out addresses that are too many.
func (m *Machine) bounded(k *kept, addrs []netip.AddrPort) []netip.AddrPort {
	if len(addrs) <= MaxAddresses {
		k.crowded = false
		return addrs
	}
	if !k.crowded {
		k.crowded = true
		err := fmt.Errorf("%d, only %d are used", len(addrs), MaxAddresses)
		m.logSeed(k, "seed has too many addresses", err)
	}
	return addrs[:MaxAddresses]
}

func (m *Machine) unresolved(k *kept, err error) {
	err = &Error{k.seed.String(), err}
	if k.fault == nil {
		m.logSeed(k, "seed can't be resolved", err)
	}
	k.fault = err
}

func (m *Machine) unreachable(t *target, err error) {
	if t.fault == nil {
		m.logTarget(t, slog.LevelWarn, "seed can't be reached", err)
	}
	t.fault = err
}

// recovered ends the outages of the addresses where the node answers.
func (m *Machine) recovered(node string) {
	for _, k := range m.seeds {
		for _, t := range k.all() {
			if t.node == node && t.fault != nil {
				t.fault = nil
				m.logTarget(t, slog.LevelInfo, "seed is connected", nil)
			}
		}
	}
}

// dropSelf takes our own address off the seeds. Being somebody's seed makes a
// node global, so being one's own does (protocol 6).
func (m *Machine) dropSelf(t *target) {
	t.self, t.fault = true, nil
	m.rename(t, "")
	m.logTarget(t, slog.LevelInfo, "seed is this node, dropped", nil)
	if !m.global {
		m.global = true
		m.do(Action{Do: Promote})
	}
}

func (m *Machine) unlisted(s *source, err error) {
	if s.fault == nil {
		m.do(Action{Do: Log, Source: s.Name, Line: Line{slog.LevelWarn, "seeds can't be found", err}})
		m.do(Action{Do: Report, Source: s.Name, Line: Line{Err: err}})
	}
	s.fault = err
}

func (m *Machine) listedAgain(s *source) {
	if s.fault != nil {
		s.fault = nil
		m.do(Action{Do: Log, Source: s.Name, Line: Line{slog.LevelInfo, "seeds are found again", nil}})
		m.do(Action{Do: Report, Source: s.Name})
	}
}

// takeStock tells what has become of all seeds together.
func (m *Machine) takeStock() {
	lost, connected := len(m.seeds)+len(m.sources) > 0, false
	for _, k := range m.seeds {
		lost = lost && (k.trouble != nil || k.listed == 0)
		connected = connected || m.connected(k)
	}
	for _, s := range m.sources {
		lost = lost && (s.fault != nil || len(s.seeds) > 0)
	}
	switch {
	case m.alone && connected:
		m.alone = false
		m.do(Action{Do: Log, Line: Line{slog.LevelInfo, "seeds can be reached again", nil}})
		m.do(Action{Do: Report})
	case !m.alone && lost && !connected:
		m.alone = true
		m.do(Action{Do: Log, Line: Line{slog.LevelWarn, "no seed can be reached", ErrNoSeed}})
		m.do(Action{Do: Report, Line: Line{Err: ErrNoSeed}})
	}
}

// report tells when what is wrong with a seed has changed. One that is no seed any
// more has nothing wrong with it.
func (m *Machine) report(k *kept) {
	trouble := m.trouble(k)
	if text(trouble) != text(k.trouble) {
		k.trouble = trouble
		m.do(Action{Do: Report, Seed: k.seed, Line: Line{Err: trouble}})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// trouble is why a seed can't be reached: nil if it can at one of its addresses; as
// before while the last word on one of them isn't spoken.
func (m *Machine) trouble(k *kept) error {
	switch {
	case k.listed == 0 || m.connected(k):
		return nil
	case len(k.targets) == 0:
		return k.fault
	}
	for _, t := range k.targets {
		if t.fault == nil {
			return k.trouble
		}
	}
	return k.targets[0].fault
}

// connected says whether an address of the seed, former ones among them, is connected
// or ourselves.
func (m *Machine) connected(k *kept) bool {
	for _, t := range k.all() {
		if m.settled(t) {
			return true
		}
	}
	return false
}

func (m *Machine) logSeed(k *kept, text string, err error) {
	m.do(Action{Do: Log, Seed: k.seed, Line: Line{slog.LevelWarn, text, err}})
}

func (m *Machine) logTarget(t *target, level slog.Level, text string, err error) {
	m.do(Action{Do: Log, Seed: m.seedOf(t).seed, Addr: t.addr, Node: t.node, Line: Line{level, text, err}})
}
