package merge

// A holding is what one publisher has in one family of one owner's entries.
type holding struct {
	number           uint32
	family           *family
	publisher, owner *node
	first            uint32 // of its records
	counts           bool   // see judge
	at               [3]int // its places in holdings
}

// holdings are all of one kind that a family, a publisher or an owner has. Their
// order depends on nothing but the order of the calls.
type holdings struct {
	kind int
	list []*holding
}

// Kinds.
const (
	ofFamily = iota
	ofPublisher
	ofOwner
)

func (l *holdings) add(h *holding) {
	h.at[l.kind] = len(l.list)
	l.list = append(l.list, h)
}

func (l *holdings) remove(h *holding) {
	end := len(l.list) - 1
	last := l.list[end]
	l.list[h.at[l.kind]], last.at[l.kind] = last, h.at[l.kind]
	l.list[end] = nil
	l.list = l.list[:end]
}

// held is whose holding it is.
type held struct {
	family           *family
	publisher, owner *node
}

// holding finds a holding, or begins one.
func (s *Store) holding(publisher string, family []byte, owner string) *holding {
	if h := s.recent; h != nil && h.publisher.id == publisher && h.owner.id == owner && h.family.name == string(family) {
		return h
	}
	whose := held{s.family(family), s.node(publisher), s.node(owner)}
	h := s.held[whose]
	if h == nil {
		h = &holding{family: whose.family, publisher: whose.publisher, owner: whose.owner}
		if last := len(s.unused) - 1; last >= 0 {
			h.number = s.unused[last]
			s.unused = s.unused[:last]
		} else {
			h.number = uint32(len(s.holdings))
			s.holdings = append(s.holdings, nil)
		}
		s.holdings[h.number] = h
		s.held[whose] = h
		h.family.holdings.add(h)
		h.publisher.published.add(h)
		h.owner.owned.add(h)
		s.judge(h)
	}
	s.recent = h
	return h
}

// end forgets a holding without records.
func (s *Store) end(h *holding) {
	if s.recent == h {
		s.recent = nil
	}
	s.holdings[h.number] = nil
	s.unused = append(s.unused, h.number)
	delete(s.held, held{h.family, h.publisher, h.owner})
	h.family.holdings.remove(h)
	h.publisher.published.remove(h)
	h.owner.owned.remove(h)
	s.forget(h.publisher)
	s.forget(h.owner)
}

// hold puts a record into a holding.
func (s *Store) hold(h *holding, r uint32) {
	rec := s.records.at(r)
	rec.holding, rec.prev, rec.next = h.number, 0, h.first
	if h.first != 0 {
		s.records.at(h.first).prev = r
	}
	h.first = r
}

// release takes a record out of its holding.
func (s *Store) release(r uint32) {
	rec := s.records.at(r)
	h := s.holdings[rec.holding]
	if rec.next != 0 {
		s.records.at(rec.next).prev = rec.prev
	}
	if rec.prev != 0 {
		s.records.at(rec.prev).next = rec.next
	} else {
		h.first = rec.next
	}
	if h.first == 0 {
		s.end(h)
	}
}

// empty deletes all that is in a holding.
func (s *Store) empty(h *holding) {
	for h.first != 0 {
		s.remove(h.first)
	}
}
