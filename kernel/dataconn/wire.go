package dataconn

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// What two nodes call things (protocol 7).
const (
	// Purpose is the WORD of the greeting aemp-WORD.
	Purpose = "dataconn"
	// Key is the greeting's key with the ID.
	Key = "dataconn_id"
	// ExpectRequest announces a connection: ID PORT TIMEOUT FUNCTION ARG…
	ExpectRequest = "AnyEvent::MP::DataConn::_expect"
	// ConnectRequest asks to dial back: ID NODE
	ConnectRequest = "AnyEvent::MP::DataConn::_connect"
	// Reason is the kind of the reason that a port gets when it can't have its connection.
	Reason = "AnyEvent::MP::DataConn"
)

// NewID makes the ID of a connection that node opens: a counter, as in the original, and
// something random, so that only who was told the ID knows it.
func NewID(counter uint64, random, node string) string {
	return fmt.Sprintf("%d-%s@%s", counter, random, node)
}

// An Announcement is what the request _expect says.
type Announcement struct {
	ID       string
	Port     string // who is to be killed if it comes to nothing
	Timeout  time.Duration
	Function string // gets the arguments and the connection
	Args     codec.Message
}

var (
	errID       = errors.New("connection ID is empty, too long, or has a separator in it")
	errTimeout  = errors.New("time-out is no number")
	errFunction = errors.New("function or port is empty or too long")
	errTooLarge = fmt.Errorf("arguments have more than %d octets", MaxAnnounced)
)

// ReadAnnouncement reads the arguments of the request _expect. Args are borrowed. The port
// is there even if the error is about what follows it.
func ReadAnnouncement(args codec.Args) (a Announcement, err error) {
	a.ID, a.Port = args.Text(), args.Text()
	seconds := args.Float()
	a.Function = args.Text()
	a.Args = args.Rest()
	switch {
	case args.Err() != nil:
		return a, args.Err()
	case !validID(a.ID):
		return a, errID
	case seconds != seconds:
		return a, errTimeout
	case a.Function == "" || len(a.Function) > maxName || a.Port == "" || len(a.Port) > maxName:
		return a, errFunction
	case len(a.Args.Raw()) > MaxAnnounced:
		return a, errTooLarge
	}
	seconds = min(max(seconds, 0), MaxTimeout.Seconds())
	a.Timeout = time.Duration(seconds * float64(time.Second))
	return a, nil
}

// ReadDialBack reads the arguments of the request _connect.
func ReadDialBack(args codec.Args) (id, node string, err error) {
	id, node = args.Text(), args.Text()
	if err := args.Err(); err != nil {
		return "", "", err
	}
	if !validID(id) {
		return "", "", errID
	}
	return id, node, nil
}

// validID: it has to fit into a greeting.
func validID(id string) bool {
	return id != "" && len(id) <= MaxID && !strings.ContainsAny(id, ";\r\n\x00")
}
