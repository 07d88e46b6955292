package main

import (
	"fmt"

	"github.com/aemp-go/aemp/bench/peers/message"
	"google.golang.org/grpc/mem"
)

// A letter is a message of which all but the text's octets is kept by value; who reads many
// into the same one doesn't allocate.
type letter struct {
	tag    []byte
	number int64
	text   []byte
}

// codec writes message.Plain and reads letters.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message.Plain)
	if !ok {
		return nil, fmt.Errorf("marshal %T", v)
	}
	size := message.Size(m.Tag, m.Number, m.Text)
	if mem.IsBelowBufferPoolingThreshold(size) {
		return mem.BufferSlice{mem.SliceBuffer(message.Append(make([]byte, 0, size), m.Tag, m.Number, m.Text))}, nil
	}
	pool := mem.DefaultBufferPool()
	b := pool.Get(size)
	*b = message.Append((*b)[:0], m.Tag, m.Number, m.Text)
	return mem.BufferSlice{mem.NewBuffer(b, pool)}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	l, ok := v.(*letter)
	if !ok {
		return fmt.Errorf("unmarshal into %T", v)
	}
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	tag, number, text, err := message.Read(b.ReadOnlyData())
	if err != nil {
		return err
	}
	l.tag, l.number, l.text = append(l.tag[:0], tag...), number, append(l.text[:0], text...)
	return nil
}

// plain is what is sent back.
func (l *letter) plain() *message.Plain {
	return &message.Plain{Tag: string(l.tag), Number: l.number, Text: string(l.text)}
}
