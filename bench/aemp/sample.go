package main

import "github.com/aemp-go/aemp/codec"

//go:generate go -C ../.. run github.com/tinylib/msgp -io=false -tests=false -file bench/aemp/sample.go

//msgp:tuple Sample

// A Sample is what a message of a generated type says after its tag.
type Sample struct {
	Number int64
	Text   codec.String
}
