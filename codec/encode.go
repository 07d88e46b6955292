package codec

import "encoding/binary"

// AppendFrame appends a message in the framing that its link has chosen. body is
// its checked MessagePack form. If the framing can't carry it (*ValueError) or the
// result is longer than lim.Message (*LimitError), dst comes back as it was.
func AppendFrame(dst []byte, f Framing, body []byte, lim Limits) ([]byte, error) {
	switch f {
	case CBOR:
		return appendCBOR(dst, body, lim)
	case JSON:
		return appendJSON(dst, body, lim)
	}
	if len(body) > lim.Message {
		return dst, &LimitError{"octets in a message", lim.Message}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(KindMessage)<<24|uint32(len(body)))
	return append(dst, body...), nil
}
