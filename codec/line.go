package codec

import "bytes"

// MaxLine is the greatest length in octets of a line of the handshake, without
// its end (protocol 2).
const MaxLine = 4096

// A LineReader cuts the lines of the handshake out of what a connection brings.
// The zero LineReader is ready for use.
type LineReader struct {
	line []byte // what came of a line so far
	done bool   // line was handed out
}

// Feed takes octets up to the end of a line. If that came, it returns the line
// without its end (LF or CR LF) and what of p follows it; the line is valid until
// the next call. Otherwise it has taken all of p. A line longer than MaxLine is a
// *LimitError.
func (r *LineReader) Feed(p []byte) (line, rest []byte, ok bool, err error) {
	if r.done {
		r.line, r.done = r.line[:0], false
	}
	end := bytes.IndexByte(p, '\n')
	part := p
	if end >= 0 {
		part, rest = p[:end], p[end+1:]
	}
	if len(part) > MaxLine+1-len(r.line) { // one for a CR
		return nil, p, false, lineTooLong()
	}
	r.line = append(r.line, part...)
	if end < 0 {
		if len(r.line) > MaxLine && r.line[MaxLine] != '\r' {
			return nil, p, false, lineTooLong()
		}
		return nil, nil, false, nil
	}
	line = bytes.TrimSuffix(r.line, []byte{'\r'})
	if len(line) > MaxLine {
		return nil, p, false, lineTooLong()
	}
	r.done = true
	return line, rest, true, nil
}

func lineTooLong() error { return &LimitError{"octets in a line of the handshake", MaxLine} }
