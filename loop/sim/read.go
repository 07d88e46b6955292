package sim

import "time"

// mostRead is what one Data call gets at most.
const mostRead = 64 << 10

// readSoon makes sure that what is there is read, in an event of its own.
func (c *conn) readSoon() {
	if !c.reading.isSet() && c.readable() {
		c.w.soon(&c.reading)
	}
}

// readable says whether there is something to tell the handler, or to throw away.
func (c *conn) readable() bool {
	there := c.in.arrived > 0
	if c.tls == nil {
		there = there || c.in.finished && !c.eof
	} else {
		there = there || c.in.finished && !c.eof && c.tls.state != tlsWorks || c.tls.readable()
	}
	return there && (c.state == open && !c.paused || c.state == draining)
}

func (c *conn) onReading() {
	if c.gone() || c.deferred(&c.reading) {
		return
	}
	c.incoming()
}

// incoming deals with what has arrived.
func (c *conn) incoming() {
	switch c.state {
	case open:
		if !c.paused {
			c.read()
		}
	case draining:
		c.in.discard()
		c.eof = c.eof || c.in.finished
		c.finish()
	case detached:
		c.wake()
	}
}

// read is a turn that gives data, or EOF, to the handler.
func (c *conn) read() {
	l := c.loop
	outer := l.enter()
	defer l.leave(outer)
	if c.in.arrived > 0 {
		c.readData()
	} else if c.tls != nil && c.tls.readable() {
		c.tls.process()
	}
	if c.state == open && !c.paused && !c.eof && c.in.arrived == 0 && c.in.finished && !c.moving.isSet() {
		c.readFin()
	}
	if c.in.slow && !c.reading.isSet() && c.readable() {
		c.w.set(&c.reading, c.w.now+c.w.between(0, 2*time.Millisecond))
	}
	c.readSoon()
}

func (c *conn) readData() {
	if c.tls != nil && c.tls.deaf() {
		c.in.discard()
		return
	}
	n := min(c.in.arrived, mostRead)
	if c.in.slow {
		n = min(n, 512)
	}
	p := c.in.take(n)
	if c.tls != nil {
		c.tls.feed(p)
		c.in.give(p)
		c.tls.process()
		return
	}
	c.deliver(p)
	c.in.give(p)
}

// deliver is one Data call.
func (c *conn) deliver(p []byte) {
	l := c.loop
	c.w.note(didData, l, len(p))
	c.callData(p)
	l.runLater()
}

func (c *conn) callData(p []byte) {
	defer c.loop.recovered(c)
	c.h.Data(c, p)
}

// readFin comes when all octets before the end were read.
func (c *conn) readFin() {
	if c.tls != nil {
		c.tls.fin()
		return
	}
	c.tellEOF()
}

func (c *conn) tellEOF() {
	l := c.loop
	c.eof = true
	c.w.note(didEOF, l, 0)
	c.callEOF()
	l.runLater()
}

func (c *conn) callEOF() {
	defer c.loop.recovered(c)
	c.h.EOF(c)
}
