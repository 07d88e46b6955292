package codec

// A lead is how messages begin that come in rows: with the same number of arguments to the
// same port, and usually with the same tag. Who has found out what that means needn't do
// so for each of them.
type lead struct {
	octets []byte // list head, port and perhaps tag; empty: none
	values int    // in the list's octets
	met    bool   // the last message began so
}

const maxLead = 64 // octets; a longer one isn't worth it

// Remember takes the first octets of the body of the last message, which are the list's head
// and so many whole values, as the beginning of those to come. No octets: there is none.
func (d *Decoder) Remember(octets []byte, values int) {
	if len(octets) > maxLead {
		octets = nil
	}
	d.lead.octets = append(d.lead.octets[:0], octets...)
	d.lead.values = values
}

// Again says whether the message that Next has just returned begins with what Remember was
// last given. It is a list with fewer than 16 elements then, all of them scalars.
func (d *Decoder) Again() bool { return d.lead.met }

// meet says where to go on in a body that has a list of less than 16 elements, and with
// how many of them: behind the lead if it has that.
func (l *lead) meet(body []byte) (at, left int) {
	left = int(body[0] & 15)
	if n := len(l.octets); n > 0 && len(body) >= n && string(body[:n]) == string(l.octets) {
		l.met = true
		return n, left - l.values
	}
	return 1, left
}

// Behind is the message that is left of a body, a list of less than 16 elements, after its
// first octets, which are the list's head and so many whole values. Borrowed.
func Behind(body []byte, octets, values int) Message {
	return Message{b: body[octets-1:], head: 1, n: int32(body[0]&15) - int32(values)}
}
