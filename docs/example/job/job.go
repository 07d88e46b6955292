// Package job holds a message type of the guide, with generated code to encode and
// decode it.
package job

//go:generate go run github.com/tinylib/msgp -io=false -tests=false

//msgp:tuple Job

// A Job is a whole message: its fields are the message's arguments, in this order.
type Job struct {
	Kind     string
	ID       int64
	Priority float64
	Payload  []byte
}
