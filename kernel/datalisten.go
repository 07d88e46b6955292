package kernel

import (
	"net"
	"sync"

	"github.com/aemp-go/aemp/codec"
)

// ListenData is RegisterData for goroutines: Accept returns the raw connections that other nodes
// open with the function's name, each a *DataConn with the opener's arguments. When more than
// 128 wait further ones are closed. A name that is in use is an *IDError. Closing
// the node closes it, too.
func (n *Node) ListenData(name string) (net.Listener, error) {
	l := &dataListener{node: n, name: name, conns: make(chan net.Conn, dataBacklog)}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch _, used := n.dataFuncs[name]; {
	case n.closing.Load():
		return nil, ErrClosed
	case used:
		return nil, &IDError{"function name", name, errInUse}
	}
	n.dataFuncs[name] = dataFunction{l.put, l}
	return l, nil
}

// dataListener implements net.Listener.
type dataListener struct {
	node *Node
	name string

	mu     sync.Mutex
	closed bool
	conns  chan net.Conn
}

// put is the function that is registered.
func (l *dataListener) put(_ *Context, _ codec.Message, c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		select {
		case l.conns <- c:
			return
		default:
		}
	}
	_ = c.Close()
}

// Accept waits for the next connection. After Close it returns net.ErrClosed.
func (l *dataListener) Accept() (net.Conn, error) {
	if len(l.conns) == 0 && l.node.Inside() {
		return nil, ErrWouldBlock
	}
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close removes the function, and closes the connections that nobody has accepted.
func (l *dataListener) Close() error {
	l.node.removeListener(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true
	close(l.conns)
	for c := range l.conns {
		_ = c.Close()
	}
	return nil
}

func (n *Node) removeListener(l *dataListener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dataFuncs[l.name].listener == l {
		delete(n.dataFuncs, l.name)
	}
}

// closeDataListeners: the node is closing.
func (n *Node) closeDataListeners() {
	n.mu.Lock()
	var all []*dataListener
	for _, f := range n.dataFuncs {
		if f.listener != nil {
			all = append(all, f.listener)
		}
	}
	n.mu.Unlock()
	for _, l := range all {
		_ = l.Close()
	}
}

// Addr is the name that others use, NODE/FUNCTION.
func (l *dataListener) Addr() net.Addr { return dataAddr(l.node.id + "/" + l.name) }

type dataAddr string

func (a dataAddr) Network() string { return "aemp-dataconn" }
func (a dataAddr) String() string  { return string(a) }
