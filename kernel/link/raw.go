package link

import (
	"net"

	"github.com/aemp-go/aemp/codec"
)

// A connection for another purpose than a link has the same handshake (protocol 7). Once
// the peer has proved itself it is taken off its loop instead of being brought up.

// For gives the connection a purpose, and its greeting further keys. Before Dial.
func (l *Link) For(purpose string, keys ...codec.Key) { l.early.purpose, l.early.keys = purpose, keys }

// SetOwner lets somebody else be told of all that follows. In Owner.Place.
func (l *Link) SetOwner(o Owner) { l.owner = o }

// Detach takes the connection off its loop, with what the peer has sent behind its proof,
// and gives it to whoever asked for it. After Verified; the owner is told nothing more,
// unless there is an error, with which the connection ends.
func (l *Link) Detach() (net.Conn, error) {
	c, err := l.conn.Detach(l.early.ahead)
	if err != nil {
		l.Close(err)
		return nil, err
	}
	l.timer.Stop()
	l.phase = closed
	l.early.ahead = nil
	return c, nil
}
