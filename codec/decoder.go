package codec

import "encoding/binary"

// A Decoder cuts one direction of a link into messages: what comes in as any
// framing goes out as checked MessagePack. The stream may be cut anywhere; a
// Decoder goes on where it stopped and holds no more than was received.
//
//	d.Feed(p)
//	for {
//		kind, body, ok, err := d.Next()
//		…
//	}
type Decoder struct {
	framing Framing
	lim     Limits
	in      []byte // what Next has not used yet, borrowed from Feed's caller
	offset  int    // of in within the stream
	err     error

	frame frameReader
	lead  lead
	cbor  *cborReader // that of the framing; most links need neither
	json  *jsonReader
}

// NewDecoder makes a Decoder for a stream in that framing.
func NewDecoder(f Framing, lim Limits) *Decoder {
	d := &Decoder{framing: f, lim: lim}
	switch f {
	case CBOR:
		d.cbor = &cborReader{build: build{lim: lim}}
	case JSON:
		d.json = &jsonReader{build: build{lim: lim}}
	}
	return d
}

// Feed gives the Decoder what came next. p is borrowed until Next says that there
// is no more; what the Decoder needs of it later it has copied by then.
func (d *Decoder) Feed(p []byte) {
	if len(d.in) == 0 {
		d.in = p
		return
	}
	d.in = append(append(make([]byte, 0, len(d.in)+len(p)), d.in...), p...)
}

// Next gives the next frame: of a message the checked MessagePack list, of a
// control frame or fragment what it contains. body is valid until the next call
// to Next or Feed. ok is false if more input is needed. Empty lists and values
// that are no lists are skipped.
//
// A stream that is malformed (*SyntaxError) or beyond the limits (*LimitError, or
// *ValueError for a value that we have no form for) has failed: every further
// call returns the same error.
func (d *Decoder) Next() (kind Kind, body []byte, ok bool, err error) {
	if d.err != nil {
		return 0, nil, false, d.err
	}
	for {
		used := 0
		switch d.framing {
		case Msgpack:
			kind, body, used, err = d.frame.next(d.in, d.lim)
		case CBOR:
			body, used, err = d.cbor.next(d.in)
		case JSON:
			body, used, err = d.json.next(d.in)
		}
		if err != nil {
			return 0, nil, false, d.fail(err)
		}
		d.in = d.in[used:]
		d.offset += used
		if body == nil {
			d.in = nil
			return 0, nil, false, nil
		}
		if kind != KindMessage || substantial(body) {
			return kind, body, true, nil
		}
	}
}

// Plain is Next for what most frames are: a message of the msgpack framing, all there, a list of
// fewer than 16 elements, all of them scalars. If something else comes next body is nil, and
// Next has it. again: what comes next, here or there, begins with what Remember was last given,
// and is a message of fewer than 16 elements.
func (d *Decoder) Plain() (body []byte, again bool) {
	p := d.in
	if len(p) <= frameHeader || d.framing != Msgpack || d.err != nil || !d.frame.between() {
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(p) & 0xffffff)
	if Kind(p[0]) != KindMessage || n == 0 || n > len(p)-frameHeader || n > d.lim.Message || uint8(p[frameHeader]-0x91) >= 15 || d.lim.Items < 15 || d.lim.Depth < 1 {
		return nil, false
	}
	end := frameHeader + n
	body = p[frameHeader:end:end]
	at, left := 1, int(body[0]&15)
	if l := &d.lead; len(l.octets) > 0 && n >= len(l.octets) && string(body[:len(l.octets)]) == string(l.octets) {
		again = true
		at, left = len(l.octets), left-l.values
	}
	if !flat(body, at, left) {
		return nil, again
	}
	d.in = p[end:]
	d.offset += end
	return body, again
}

// substantial says whether a checked message is a list with something in it.
func substantial(body []byte) bool {
	s := shapes[body[0]]
	return s.kind == List && s.length(body) > 0
}

// fail makes err final. The readers count octets from where they began to read.
func (d *Decoder) fail(err error) error {
	if e, ok := err.(*SyntaxError); ok {
		e.Offset += d.offset
		e.Framing = d.framing
	}
	d.err = err
	d.in, d.frame = nil, frameReader{}
	d.cbor, d.json = nil, nil
	return err
}

// Trim gives memory back that nothing is in.
func (d *Decoder) Trim() {
	if d.frame.done || len(d.frame.part) == 0 {
		d.frame = frameReader{}
	}
}

// Buffered is the number of octets that belong to a message which is not complete.
func (d *Decoder) Buffered() int {
	n := len(d.frame.part) + len(d.in)
	if d.cbor != nil {
		n += d.cbor.held()
	}
	if d.json != nil {
		n += d.json.held()
	}
	return n
}

// maxKept is how large a buffer in octets may be to be kept for the next message:
// enough for all but the rare huge one.
const maxKept = 64 << 10
