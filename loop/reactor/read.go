package reactor

import (
	"os"

	"golang.org/x/sys/unix"
)

// read reads once. If there is more the poller says so again, after others had
// their turn.
func (c *conn) read() {
	l := c.loop
	n, err := readNow(c.fd, l.input)
	l.counts.reads.Add(1)
	switch {
	case n > 0:
		l.counts.readOctets.Add(uint64(n))
		c.received(l.input[:n])
	case err == nil:
		c.sawEnd()
	case err == unix.EAGAIN || err == unix.EINTR:
	default:
		c.fail(os.NewSyscallError("read", err))
	}
}

// received gets p, which is the loop's input buffer.
func (c *conn) received(p []byte) {
	switch {
	case c.state != open: // closing: thrown away
	case c.secure == nil:
		c.handler.Data(c, p)
	default:
		c.decrypt(p)
	}
}

// sawEnd: the peer's direction is at its end.
func (c *conn) sawEnd() {
	c.ended = true
	switch {
	case c.state == closing:
		c.watch()
		c.closeIfDone()
	case c.secure == nil:
		c.tellEnd()
	default:
		c.watch()
		c.decryptEnd()
	}
}

func (c *conn) tellEnd() {
	c.ended = true
	c.watch()
	if c.state == open {
		c.handler.EOF(c)
	}
}
