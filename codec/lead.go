package codec

// A lead is how messages begin that come in rows: with the same number of arguments to the
// same port, and usually with the same tag. Who has found out what that means needn't do
// so for each of them.
type lead struct {
	octets []byte // list head, port and perhaps tag; empty: none
	values int    // in the list's octets
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

// Behind is the message that is left of a body, a list of less than 16 elements, after its
// first octets, which are the list's head and so many whole values. Borrowed.
func Behind(body []byte, octets, values int) Message {
	return Message{b: body[octets-1:], head: 1, n: int32(body[0]&15) - int32(values)}
}
