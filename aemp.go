package aemp

import (
	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/seeds"
)

// The words of the system. Each is documented where it is defined.
type (
	// Port receives messages: Node.NewPort, NewNamedPort, NewMailbox.
	Port = kernel.Port
	// Context is what a handler acts through.
	Context = kernel.Context
	// Handler gets the messages of a port.
	Handler = kernel.Handler
	// Monitor tells once when a port or a link has died.
	Monitor = kernel.Monitor
	// Reason is why.
	Reason = kernel.Reason
	// Timer is what Context.After returns.
	Timer = kernel.Timer
	// Caller makes calls without allocating memory: Node.NewCaller.
	Caller = kernel.Caller

	// Message is a message's arguments.
	Message = codec.Message
	// Args reads them one after the other.
	Args = codec.Args
	// Value is one of them.
	Value = codec.Value
	// Raw is a value that is encoded already: see Encode.
	Raw = codec.Raw

	// Stats is what a node is doing.
	Stats = kernel.Stats

	// SeedSource tells a node where its seeds are: Config.SeedSources.
	SeedSource = seeds.Source
)

// Errors that calls return, to be compared with errors.Is or errors.As.
var (
	// ErrOverload: a queue is at its hard limit; the message was not accepted.
	ErrOverload = kernel.ErrOverload
	// ErrFull: TrySend would have to wait.
	ErrFull = kernel.ErrFull
	// ErrWouldBlock: a call that would have to wait was made on a loop.
	ErrWouldBlock = kernel.ErrWouldBlock
	// ErrClosed: the node is closed or closing.
	ErrClosed = kernel.ErrClosed
	// ErrTimeout: no answer in time.
	ErrTimeout = kernel.ErrTimeout
	// ErrNoAddress: nobody knows where a node is.
	ErrNoAddress = kernel.ErrNoAddress
	// ErrNoSeed: not one of the seeds can be reached.
	ErrNoSeed = seeds.ErrNoSeed
	// ErrTooMany: a limit on how many there may be, such as ports.
	ErrTooMany = kernel.ErrTooMany
)

type (
	// ReasonError is the error of a call whose port died.
	ReasonError = kernel.ReasonError
	// IDError says what is wrong with a node or port ID.
	IDError = kernel.IDError
	// BindError says which address could not be listened at.
	BindError = kernel.BindError
	// AnnounceError says which announced address can't be used.
	AnnounceError = seeds.AnnounceError
	// HandshakeError is why a connection was refused.
	HandshakeError = link.HandshakeError
	// UnflushedError says what a closing node could not send in time.
	UnflushedError = kernel.UnflushedError
	// ValueError is a value that can't be sent.
	ValueError = codec.ValueError
	// LimitError is a message that is too large, too deep, or has too many elements.
	LimitError = codec.LimitError
	// AccessError is an argument that isn't what the reader asked for.
	AccessError = codec.AccessError
)

// NewMessage makes a message of values.
func NewMessage(args ...any) (Message, error) { return codec.MessageOf(args...) }

// Encode makes a value of a generated type, to be sent as one argument among others.
// To send one as the whole message use SendMsg, which allocates nothing.
func Encode(m msgp.Marshaler) (Raw, error) { return codec.EncodeMarshaler(m) }
