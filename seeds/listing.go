package seeds

import (
	"log/slog"
	"slices"
	"time"
)

// A Listing is a source as the Machine knows it.
type Listing struct {
	Name    string
	Refresh time.Duration // how long an answer is good; 0: until a seed is missing
}

// source is a source and what it listed last.
type source struct {
	Listing
	schedule schedule
	fresh    time.Duration // when it is to be asked even at rest; 0: not at all
	asking   bool
	fault    error // it can't be asked, or takes too long, which was logged
	seeds    []Seed
}

// next is when there is something to do; 0: not before something happens.
func (s *source) next() time.Duration {
	switch {
	case s.schedule.resting:
		return s.fresh
	case s.fresh != 0:
		return min(s.fresh, s.schedule.next)
	}
	return s.schedule.next
}

// Listed answers Ask. With an error, or nothing in the list, the former list stays.
func (m *Machine) Listed(now time.Duration, name string, list []Seed, err error) []Action {
	s := m.source(name)
	if s == nil || !s.asking {
		return nil
	}
	s.asking = false
	if err == nil && len(list) == 0 {
		err = ErrNoneListed
	}
	if err != nil {
		m.unlisted(s, err)
		return m.finish(now)
	}
	m.listedAgain(s)
	m.replace(s, list)
	return m.finish(now)
}

// Overdue says that the answer to Ask takes longer than it should. It may yet come.
func (m *Machine) Overdue(now time.Duration, name string, err error) []Action {
	s := m.source(name)
	if s == nil || !s.asking {
		return nil
	}
	m.unlisted(s, err)
	return m.finish(now)
}

func (m *Machine) source(name string) *source {
	for _, s := range m.sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// replace makes the list what the source lists.
func (m *Machine) replace(s *source, list []Seed) {
	former := s.seeds
	s.seeds = slices.Clone(list)
	changed := false
	for _, seed := range list {
		if !slices.Contains(former, seed) {
			m.enlist(seed)
			changed = true
		}
	}
	for _, seed := range former {
		if !slices.Contains(list, seed) {
			m.find(seed).listed--
			changed = true
		}
	}
	if changed && former != nil {
		m.do(Action{Do: Log, Source: s.Name, Line: Line{slog.LevelInfo, "seeds have changed", nil}})
	}
}

// enlist makes a seed one that is kept for one list more.
func (m *Machine) enlist(seed Seed) {
	k := m.find(seed)
	if k == nil {
		k = &kept{seed: seed}
		m.seeds = append(m.seeds, k)
	}
	if k.listed == 0 {
		k.schedule = m.newSchedule()
	}
	k.listed++
}

// retire drops seeds that no list has any more. As with addresses, what is connected
// counts until its link ends.
func (m *Machine) retire() {
	for _, k := range m.seeds {
		if k.listed == 0 {
			m.aim(k, nil)
		}
	}
	m.seeds = slices.DeleteFunc(m.seeds, func(k *kept) bool {
		return k.listed == 0 && len(k.former) == 0 && !k.resolving
	})
}

// attend asks a source when its round is due, or its answer isn't fresh any more.
func (m *Machine) attend(now time.Duration, s *source) {
	content := m.content(s)
	if s.schedule.resting && !content {
		s.schedule.hurry(now, m.random())
	}
	due := s.schedule.due(now)
	switch {
	case due && content:
		s.schedule.rest()
		due = false
	case due:
		s.schedule.advance(now, m.random())
	}
	if stale := s.fresh != 0 && s.fresh <= now; !due && !stale {
		return
	}
	if s.Refresh > 0 { // thousands of nodes don't ask in step
		s.fresh = now + time.Duration((0.5+m.random())*float64(s.Refresh))
	}
	if !s.asking {
		s.asking = true
		m.do(Action{Do: Ask, Source: s.Name})
	}
}

// content says whether a source has nothing to be asked: all that it lists is there.
func (m *Machine) content(s *source) bool {
	for _, seed := range s.seeds {
		if !m.satisfied(m.find(seed)) {
			return false
		}
	}
	return len(s.seeds) > 0 && s.fault == nil
}
