package codec

// build makes the MessagePack form of a message while it comes in, for the
// framings that say neither how long a message is nor, perhaps, how many elements
// a list has.
type build struct {
	lim    Limits
	out    []byte  // what is made; reused for the next message
	levels []level // lists, maps and tags that are open, outermost first
	items  int     // elements so far
	size   int     // octets of input that the message has taken in earlier calls
	busy   bool    // a message has begun
}

// A level is a list, map or tag whose end hasn't come.
type level struct {
	kind ValueKind // List, Map or Tagged
	open bool      // how many elements it has is only known at its end
	at   int       // offset of its head in out
	n    int       // elements so far: of a map two for each entry
	want int       // elements in all, unless open
}

// reset makes ready for a new message.
func (b *build) reset() {
	if b.out = b.out[:0]; cap(b.out) > maxKept {
		b.out = nil
	}
	b.levels = b.levels[:0]
	b.items, b.size, b.busy = 0, 0, true
}

// held is the number of octets taken in for a message that isn't complete.
func (b *build) held() int {
	if !b.busy {
		return 0
	}
	return b.size
}

// count counts n more elements.
func (b *build) count(n uint64) error {
	if n > uint64(b.lim.Items-b.items) {
		return &LimitError{"elements in a message", b.lim.Items}
	}
	b.items += int(n)
	return nil
}

// within checks the sizes, of which used octets have been taken in this call.
func (b *build) within(used int) error {
	if b.size+used > b.lim.Message || len(b.out) > b.lim.Message {
		return &LimitError{"octets in a message", b.lim.Message}
	}
	return nil
}

// push opens a level.
func (b *build) push(l level) error {
	if len(b.levels) >= b.lim.Depth {
		return &LimitError{"levels of nesting", b.lim.Depth}
	}
	b.levels = append(b.levels, l)
	return nil
}

// top is the innermost open level, or nil outside of all.
func (b *build) top() *level {
	if len(b.levels) == 0 {
		return nil
	}
	return &b.levels[len(b.levels)-1]
}

// openHead appends a head for a list or map whose count is filled in at its end.
func openHead(b []byte, kind ValueKind) []byte {
	if kind == List {
		return append(b, 0xdd, 0, 0, 0, 0)
	}
	return append(b, 0xdf, 0, 0, 0, 0)
}

// closeOpen fills in the count of the innermost level, an open one, and drops it.
func (b *build) closeOpen() {
	l := b.top()
	n := l.n
	if l.kind == Map {
		n /= 2
	}
	putLength(b.out[l.at:], n)
	b.levels = b.levels[:len(b.levels)-1]
}

// complete notes that a value is complete, and with it perhaps the levels that
// it was the last of. True: that was the whole message.
func (b *build) complete() bool {
	for {
		l := b.top()
		if l == nil {
			return true
		}
		l.n++
		if l.open || l.n < l.want {
			return false
		}
		if l.kind == Tagged {
			endTag(b.out, l.at)
		}
		b.levels = b.levels[:len(b.levels)-1]
	}
}

// key says whether a map's key comes next.
func (b *build) key() bool {
	l := b.top()
	return l != nil && l.kind == Map && l.n&1 == 0
}
