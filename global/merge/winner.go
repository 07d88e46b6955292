package merge

import "cmp"

// less says whether entry b wins over a, both of one key. The order is total,
// because a publisher has no two entries of a key, and it knows nothing of time: the
// greatest entry is the same whichever came first.
func (s *Store) less(f *family, a, b uint32) bool {
	if s.faults.has(MergeByArrival) {
		return s.faults.arrivals[a] < s.faults.arrivals[b]
	}
	p, q := s.records.at(a), s.records.at(b)
	g, h := s.holdings[p.holding], s.holdings[q.holding]
	if f.location {
		if one, other := s.athome(p), s.athome(q); one != other {
			return other
		}
	}
	return cmp.Or(
		cmp.Compare(p.stamp, q.stamp),
		cmp.Compare(g.owner.id, h.owner.id),
		cmp.Compare(s.via(g.publisher).id, s.via(h.publisher).id),
		cmp.Compare(g.publisher.id, h.publisher.id),
	) < 0
}

// athome says whether a location is the owner's own: neither a mirror nor what an
// original global node says about its slaves.
func (s *Store) athome(rec *record) bool {
	return s.holdings[rec.holding].owner.id == string(s.blobs.key(rec.blob))
}

// winners are the best entries of a key, of which one record, or none, is given: of
// all that count, and of those among them that this node publishes.
func (s *Store) winners(f *family, peer uint32) (view, own uint32) {
	for r, h := range s.peers(peer) {
		if !h.counts {
			continue
		}
		if view == 0 || s.less(f, view, r) {
			view = r
		}
		if h.publisher.role == Slave && (own == 0 || s.less(f, own, r)) {
			own = r
		}
	}
	return view, own
}

// judge decides whether a holding's entries count: locations always do, others if
// nobody has a location of their owner, or if the best one comes by way of the same
// global node. A copy that the owner left behind elsewhere doesn't.
func (s *Store) judge(h *holding) { h.counts = s.believes(h, h.owner.home) }

func (s *Store) believes(h *holding, home *node) bool {
	return h.family.location || home == nil || home == s.via(h.publisher) || s.faults.has(StaleCopyBelieved)
}

// elect finds out where the owner of a location lives now, and judges its entries
// again if that changed. Strangers have no say: what other global nodes can't see
// must not decide what they get from us.
func (s *Store) elect(key []byte, peer uint32) {
	owner := s.nodes[string(key)]
	if owner == nil {
		return
	}
	best := uint32(0)
	for r, h := range s.peers(peer) {
		if h.owner == owner && h.publisher.role != Stranger && (best == 0 || s.less(h.family, best, r)) {
			best = r
		}
	}
	var home *node
	if best != 0 {
		home = s.via(s.holdings[s.records.at(best).holding].publisher)
	}
	if home == owner.home {
		return
	}
	for _, h := range owner.owned.list {
		if s.believes(h, home) != h.counts {
			s.markHolding(h)
		}
	}
	owner.home = home
	for _, h := range owner.owned.list {
		s.judge(h)
	}
}

// electAll does so for all keys of a holding of locations.
func (s *Store) electAll(h *holding) {
	for r := h.first; r != 0; r = s.records.at(r).next {
		s.elect(s.blobs.key(s.records.at(r).blob), r)
	}
}
