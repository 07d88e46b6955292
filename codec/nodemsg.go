package codec

//go:generate go run github.com/tinylib/msgp -io=false -tests=false

//msgp:tuple Mon1
//msgp:tuple Mon0

// Mon1 is a message to a node: tell me when that port of yours dies (protocol 4).
type Mon1 struct {
	Request string // "mon1"
	Port    string
}

// Mon0 is a message to a node: I needn't know any more.
type Mon0 struct {
	Request string // "mon0"
	Port    string
}
