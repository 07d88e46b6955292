package kernel_test

import "github.com/aemp-go/aemp/codec"

//go:generate go run github.com/tinylib/msgp -io=false -tests=false -o sample_gen_test.go

//msgp:tuple Sample

// Sample is a program's own message type.
type Sample struct {
	Tag    codec.String
	Number int64
	Text   codec.String
}
