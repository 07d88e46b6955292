package global

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
)

const simEcho = "sim::echo"

// serveData lets others open raw connections, on which they hear what they said.
func (l *simLife) serveData() {
	l.n.RegisterData(simEcho, func(_ *kernel.Context, m codec.Message, c net.Conn) {
		l.net.w.Go(func() {
			if _, err := io.Copy(c, c); err == nil {
				_ = c.(*kernel.DataConn).CloseWrite()
			}
			_ = c.Close() // whatever became of it
		})
	})
}

// dial opens a raw connection with some node, which has to be found in the database. It
// comes or fails in time, and carries what is written or breaks.
func (l *simLife) dial() {
	to := l.net.nodes[l.net.r.IntN(len(l.net.nodes))]
	if to.original || l.original {
		return
	}
	l.net.met.DataDials++
	o := l.p.Begin("raw connection", "d")
	patience := 500*time.Millisecond + l.net.exp(2*time.Second)
	began := l.net.w.Now()
	_, err := l.n.StartDialData(to.id, patience, simEcho, nil, func(c *kernel.DataConn, err error) {
		if l.closing {
			return
		}
		o.End()
		if late := l.net.w.Now() - began - patience; late > simLate {
			l.p.Left(fmt.Sprintf("raw connections %v late", late), 1)
		}
		var failed *dataconn.Error
		switch {
		case err == nil:
			l.net.met.DataConns++
			l.net.w.Go(func() { l.talkOver(c) })
		case !errors.As(err, &failed) && !errors.Is(err, kernel.ErrClosed):
			l.p.Left("raw connections that fail with "+err.Error(), 1)
		}
	})
	if err != nil {
		o.End()
	}
}

// talkOver says something and hears it, or as much of it as came before the other process
// ended.
func (l *simLife) talkOver(c *kernel.DataConn) {
	defer c.Close()
	said := l.p.Name() + l.value()
	if _, err := io.WriteString(c, said); err != nil {
		return
	}
	if err := c.CloseWrite(); err != nil {
		return
	}
	heard, err := io.ReadAll(c)
	if !strings.HasPrefix(said, string(heard)) {
		l.p.Left(fmt.Sprintf("octets on a raw connection that nobody has written there, %q", heard), len(heard))
	}
	if err == nil && len(heard) == len(said) {
		l.net.met.DataTalks++
	}
}
