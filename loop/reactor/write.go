package reactor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

// An output is what is to be written. Its buffer is the loop's and held only while
// there is something in it.
type output struct {
	buf []byte
	off int // written already
}

func (o *output) len() int      { return len(o.buf) - o.off }
func (o *output) bytes() []byte { return o.buf[o.off:] }

func (o *output) append(l *eventLoop, p []byte) {
	if o.buf == nil {
		o.buf = l.buffer()
	}
	if o.off > 0 && len(o.buf)+len(p) > cap(o.buf) && o.off >= o.len() {
		// Rather than growing, move what is left over what is written.
		n := copy(o.buf, o.bytes())
		o.buf, o.off = o.buf[:n], 0
	}
	o.buf = append(o.buf, p...)
}

// swap takes p over if the output is empty, and returns an empty buffer. What is small is
// copied rather than exchanged for a buffer that is large: there may be thousands of callers.
func (o *output) swap(l *eventLoop, p []byte) []byte {
	if o.len() > 0 || len(p) <= smallOutput {
		o.append(l, p)
		return p[:0]
	}
	free := o.buf
	if free == nil {
		free = l.buffer()
	}
	o.buf, o.off = p, 0
	return free[:0]
}

// skip: the first n octets are written.
func (o *output) skip(l *eventLoop, n int) {
	o.off += n
	if o.off == len(o.buf) {
		o.release(l)
	}
}

func (o *output) release(l *eventLoop) {
	if o.buf != nil {
		l.putBuffer(o.buf)
		*o = output{}
	}
}

// sink is where output goes that isn't encrypted yet, or needn't be.
func (c *conn) sink() *output {
	if c.secure != nil {
		return &c.secure.plain
	}
	return &c.out
}

// Write appends a copy of p to the output.
func (c *conn) Write(p []byte) {
	if c.state != open || c.shut || len(p) == 0 {
		return
	}
	c.claim()
	c.sink().append(c.loop, p)
	c.wrote()
}

// Swap appends p to the output and returns an empty buffer.
func (c *conn) Swap(p []byte) []byte {
	if c.state != open || c.shut || len(p) == 0 {
		return p[:0]
	}
	c.claim()
	free := c.sink().swap(c.loop, p)
	c.wrote()
	return free
}

// wrote has the output written at the end of the turn, or now if there is a lot.
func (c *conn) wrote() {
	n := c.Buffered()
	if n >= flushSize && !c.blocked {
		c.flush()
		n = c.Buffered()
	}
	if n > c.loop.group.options.HardCap {
		c.fail(loop.ErrOverflow)
		return
	}
	if n > 0 && !c.blocked {
		c.markDirty()
	}
}

func (c *conn) markDirty() {
	if !c.dirty {
		c.dirty = true
		c.loop.dirty = append(c.loop.dirty, c)
	}
}

// writeDirty is called when the turn ends.
func (c *conn) writeDirty() {
	if !c.dirty {
		return
	}
	c.dirty = false
	if !c.blocked {
		c.flush()
	}
}

// Buffered is the number of octets that the network hasn't taken yet.
func (c *conn) Buffered() int {
	n := c.out.len()
	if c.secure != nil {
		n += c.secure.plain.len()
	}
	return n
}

// flush writes what the network takes, and what follows from all being written.
func (c *conn) flush() {
	if c.state != open && c.state != closing {
		return
	}
	if err := c.seal(); err != nil {
		c.fail(err)
		return
	}
	for c.out.len() > 0 {
		n, err := writeNow(c.fd, c.out.bytes())
		c.loop.counts.writes.Add(1)
		switch {
		case n > 0:
			c.loop.counts.writtenOctets.Add(uint64(n))
			c.out.skip(c.loop, n)
			if c.out.len() > 0 {
				c.setBlocked(true)
				return
			}
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			c.setBlocked(true)
			return
		default:
			c.fail(os.NewSyscallError("write", err))
			return
		}
	}
	if c.unsealed() {
		c.setBlocked(true) // the next piece, after others had their turn
		return
	}
	c.setBlocked(false)
	if c.state == dead {
		return
	}
	c.share()
	if c.owed {
		c.loop.Later((*drainedTask)(c))
	}
	c.endDirection()
}

func (c *conn) setBlocked(b bool) {
	if c.blocked != b {
		c.blocked = b
		c.owed = c.owed || b
		c.watch()
	}
}

// Blocked says that Drained will follow.
func (c *conn) Blocked() bool { return c.state == open && c.blocked }

// A drainedTask calls Drained, unless there is new output: then its flush will
// see to it.
type drainedTask conn

func (d *drainedTask) Run() {
	c := (*conn)(d)
	if c.owed && c.state == open && c.Buffered() == 0 {
		c.owed = false
		c.call(func() { c.handler.Drained(c) })
	}
}
