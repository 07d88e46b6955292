package play

import "time"

// Roles of child programs.
const (
	Receiver = "receiver"
	Sender   = "sender"
	Alone    = "alone"
)

// Kinds of workloads.
const (
	Local    = "local"    // from a handler or a goroutine to a port of the same process
	OneWay   = "oneway"   // a flood to another process
	PingPong = "pingpong" // there and back, by messages
	Call     = "call"     // there and back, by what the system has for requests
	FanIn    = "fanin"    // a flood from many connected peers with names of their own
	Idle     = "idle"     // many connected peers that say nothing
	Start    = "start"    // from the start of a process to its first message
	Stream   = "stream"   // octets without messages, 64 KiB a write
)

// A Spec is what a child is to do.
type Spec struct {
	Kind string `json:"kind"`
	// System is the name that the child was chosen by, for programs that play several.
	System string `json:"system"`

	From    string        `json:"from,omitempty"`    // local: "handler" or "goroutine"
	Pairs   int           `json:"pairs"`             // senders, each with a receiver of its own
	Ports   int           `json:"ports"`             // receivers of each sender, in turn
	Links   int           `json:"links"`             // connections that the pairs are spread over
	Peers   int           `json:"peers,omitempty"`   // fanin, idle: connected peers
	Depth   int           `json:"depth"`             // pingpong: outstanding on each link
	Rate    int           `json:"rate,omitempty"`    // pingpong: messages a second; 0: one after the other
	Size    int           `json:"size"`              // octets of the text
	Typed   bool          `json:"typed,omitempty"`   // as a generated message type
	TLS     bool          `json:"tls,omitempty"`     // encrypted
	Framing string        `json:"framing,omitempty"` // "msgpack", "cbor" or "json"
	Loops   int           `json:"loops"`             // event loops, schedulers or threads of each process
	Warm    time.Duration `json:"warm"`              // nanoseconds; before what is measured
	For     time.Duration `json:"for"`               // nanoseconds; what is measured

	Address string `json:"address,omitempty"` // sender: where the receiver is, as it said
	Profile string `json:"profile,omitempty"` // a Go child writes its CPU profile to this file
}

// A Line is what a child says; one field is set.
type Line struct {
	Ready  string  `json:"ready,omitempty"`  // receiver: listens, at this address
	Begin  bool    `json:"begin,omitempty"`  // what is measured has begun
	Result *Result `json:"result,omitempty"` // and has ended
	Skip   string  `json:"skip,omitempty"`   // the system doesn't have this workload, and why
	Error  string  `json:"error,omitempty"`  // the run has failed
}

// A Result is what a child has counted while it measured.
type Result struct {
	// Counts are the messages of each sender (what it sent) or receiver (what arrived),
	// numbered by pairs and then ports; of round trips one number.
	Counts   []int64  `json:"counts"`
	Seconds  float64  `json:"seconds,omitempty"`  // who measures: how long it took
	Checksum uint32   `json:"checksum,omitempty"` // receiver: sum of those of all receivers, see Fold
	Disorder int64    `json:"disorder,omitempty"` // messages that came out of order or damaged
	Mallocs  *uint64  `json:"mallocs,omitempty"`  // Go: objects allocated meanwhile by this process
	Octets   int64    `json:"octets,omitempty"`   // idle: resident memory for each peer; stream: octets moved, said by both
	Laps     []Lap    `json:"laps,omitempty"`     // round trips: how long they took
	Figures  []Figure `json:"figures,omitempty"`  // of a program that is no child like the others
	Note     string   `json:"note,omitempty"`     // the configuration, where the run decided it
}

// A Figure is something that only one program measures.
type Figure struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// A Lap says how many round trips took about so many nanoseconds.
type Lap struct {
	Nanoseconds int64 `json:"ns"`
	Count       int64 `json:"n"`
}

// Numbers with a meaning of their own.
const (
	Warm  int64 = -2
	Begin int64 = 0
	End   int64 = -1
)

// Tag is the first argument of every message.
const Tag = "tag"

// Text is the third argument of every message of that size.
func Text(size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = "0123456789abcdef"[i%16]
	}
	return string(b)
}

// Fold is a receiver's checksum after one more message: of its number and of the text's
// length, first and last octet; simple enough for every language. It depends on the order.
func Fold[T ~string | ~[]byte](sum uint32, number int64, text T) uint32 {
	sum = sum*31 + uint32(number) + uint32(len(text))
	if n := len(text); n > 0 {
		sum += uint32(text[0])<<8 + uint32(text[n-1])
	}
	return sum
}

// Checksum is what a receiver has to come to after the messages 1 … n.
func Checksum(n int64, text string) (sum uint32) {
	for i := int64(1); i <= n; i++ {
		sum = Fold(sum, i, text)
	}
	return sum
}
