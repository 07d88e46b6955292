package merge

// A record is one entry of one publisher. There are no pointers in it, so that the
// garbage collector needn't look at millions of them.
type record struct {
	stamp      Stamp
	blob       blobRef
	hash       uint32
	peer       uint32 // the next one of its key: a ring
	holding    uint32 // whose it is
	prev, next uint32 // its neighbours there
}

// records gives out records by number; 0 is none.
type records struct {
	pages []*[recordsInPage]record
	free  uint32 // a list by next
	used  uint32 // numbers up to this one were given out at some time
}

const recordsInPage = 256 // 8 KiB

func (rs *records) at(r uint32) *record { return &rs.pages[r/recordsInPage][r%recordsInPage] }

func (rs *records) add() uint32 {
	if r := rs.free; r != 0 {
		rs.free = rs.at(r).next
		return r
	}
	rs.used++
	if int(rs.used/recordsInPage) == len(rs.pages) {
		rs.pages = append(rs.pages, new([recordsInPage]record))
	}
	return rs.used
}

func (rs *records) drop(r uint32) {
	*rs.at(r) = record{next: rs.free}
	rs.free = r
}
