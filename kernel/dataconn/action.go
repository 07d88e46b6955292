package dataconn

import (
	"fmt"
	"net/netip"
	"time"
)

// A Name is what both sides know a raw connection by: the ID that the initiator gave it,
// and the node at the other end.
type Name struct{ Node, ID string }

func (n Name) String() string { return n.Node + "/" + n.ID }

// A Kind is what an Action asks for.
type Kind uint8

const (
	Announce Kind = iota // send the request _expect and, behind it, what comes back: then Arrived
	Find                 // look up where the node is: then Found
	AskBack              // send the request _connect
	Dial                 // connect to Addr under the number Conn
	Prove                // send our proof on Conn
	Take                 // Conn is the connection; who has opened or awaits it gets it
	Close                // close Conn for the reason Err
	Fail                 // there will be no connection, for the reason Err
	SetTimer             // call Tick at At; replaces the name's earlier one
)

// An Action is something that the Machine wants done. Which fields count is said at
// the Kinds; Name always does.
type Action struct {
	Do   Kind
	Name Name
	Conn int
	Addr netip.AddrPort
	At   time.Duration
	Err  error
}

// String is how the scenarios in testdata show it.
func (a Action) String() string {
	switch a.Do {
	case Announce:
		return fmt.Sprintf("announce %v", a.Name)
	case Find:
		return fmt.Sprintf("find %v", a.Name)
	case AskBack:
		return fmt.Sprintf("ask-back %v", a.Name)
	case Dial:
		return fmt.Sprintf("dial %v %v as %d", a.Name, a.Addr, a.Conn)
	case Prove:
		return fmt.Sprintf("prove %d", a.Conn)
	case Take:
		return fmt.Sprintf("take %d for %v", a.Conn, a.Name)
	case Close:
		return fmt.Sprintf("close %d: %v", a.Conn, a.Err)
	case Fail:
		return fmt.Sprintf("fail %v: %v", a.Name, a.Err)
	}
	return fmt.Sprintf("timer %v %v", a.Name, a.At)
}
