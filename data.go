package aemp

import (
	"context"
	"net"

	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
)

type (
	// DataConn is a raw connection with another node: Node.DialData, Context.OpenData,
	// Node.RegisterData, Node.ListenData.
	DataConn = kernel.DataConn
	// DataHandler gets the raw connections that others open.
	DataHandler = kernel.DataHandler
	// DataError is why a raw connection could not be made.
	DataError = dataconn.Error
)

// DialData makes a raw connection with a node: a stream of octets beside the link, secured like
// it, with neither framing nor heartbeats, for what is large. At the other node
// the function gets args and the other end (RegisterData, ListenData; in Perl the connection is the
// last argument). Of a port ID only the node counts. One of the two nodes has to listen where
// the other one reaches it. Without a deadline in ctx it is tried for the monitor timeout.
//
// The error is a *DataError, which is ErrTimeout if time was up, an *IDError, a *ValueError or *LimitError
// of an argument, ErrClosed or ctx's; in a handler it is ErrWouldBlock: use Context.OpenData.
//
// The connection is a *DataConn and belongs to the caller, who closes it. Neither closing the
// node nor losing the link ends it.
func (n *Node) DialData(ctx context.Context, to, function string, args ...any) (net.Conn, error) {
	return n.core.DialData(ctx, to, function, args...)
}

// RegisterData makes a function known by a name, such as "store::upload", that gets the raw
// connections which other nodes open with it. It runs on a loop, in the context of no
// port, and gives the connection to a goroutine. A nil function removes the name.
func (n *Node) RegisterData(name string, f DataHandler) { n.core.RegisterData(name, f) }

// ListenData is RegisterData for goroutines, and for whatever serves a net.Listener, such as
// net/http: Accept returns the raw connections that other nodes open with the name. Each is a
// *DataConn that knows the other node and its arguments. When more than 128 wait further ones are
// closed. The error is ErrClosed or, for a name in use, an *IDError.
func (n *Node) ListenData(name string) (net.Listener, error) { return n.core.ListenData(name) }
