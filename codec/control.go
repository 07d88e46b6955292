package codec

import "encoding/binary"

//go:generate go run github.com/tinylib/msgp -io=false -tests=false

// Operations of a Control.
const (
	OpPing    = 1 // answer with OpPong and the same Seq
	OpPong    = 2
	OpGoodbye = 3 // not in use yet
	OpIntern  = 4 // not in use yet
)

//msgp:tuple Control

// A Control is the body of a control frame: what two nodes of ours say to each
// other about their link.
type Control struct {
	Op  uint8
	Seq uint64
}

// AppendControl appends a whole control frame.
func AppendControl(b []byte, c Control) []byte {
	at := len(b)
	b = append(b, byte(KindControl), 0, 0, 0)
	b, _ = c.MarshalMsg(b) // generated for two integers: can't fail
	binary.BigEndian.PutUint32(b[at:], uint32(KindControl)<<24|uint32(len(b)-at-frameHeader))
	return b
}

// ParseControl reads a control frame's body.
func ParseControl(body []byte) (c Control, err error) {
	rest, err := c.UnmarshalMsg(body)
	if err != nil {
		return Control{}, &SyntaxError{Msgpack, 0, "control frame: " + err.Error()}
	}
	if len(rest) > 0 {
		return Control{}, &SyntaxError{Msgpack, len(body) - len(rest), "octets after the control frame's tuple"}
	}
	return c, nil
}
