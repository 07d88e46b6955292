// Package job holds a message type of the guide, with generated code to encode and
// decode it.
package job

//go:generate go run github.com/tinylib/msgp -io=false -tests=false

//msgp:tuple Job

// A Job is what a message says after its tag: its fields are the arguments, in this order.
type Job struct {
	ID       int64
	Priority float64
	Payload  []byte
}
