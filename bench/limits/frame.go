package main

import (
	"encoding/binary"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/bench/play"
	"github.com/aemp-go/aemp/codec"
)

const header = 4 // octets: a kind, which is 0, and the length

// portNames are those of so many receivers.
func portNames(n int) []string {
	names := make([]string, n)
	for k := range names {
		names[k] = "r" + strconv.Itoa(k)
	}
	return names
}

// appendFrame appends a message. That is codec.AppendFrameArgs for who knows what he sends.
func appendFrame(b []byte, port string, number int64, text string) []byte {
	b, at := codec.BeginFrame(b, port, 3)
	b = msgp.AppendString(b, play.Tag)
	if number < 0 {
		b = msgp.AppendInt64(b, number)
	} else {
		b = msgp.AppendUint64(b, uint64(number))
	}
	b = msgp.AppendString(b, text)
	b, err := codec.EndFrame(b, at, codec.DefaultLimits)
	if err != nil {
		panic(err) // texts are shorter than messages may be
	}
	return b
}

// A message is what a frame says. The text is borrowed.
type message struct {
	port   int
	number int64
	text   []byte
}

// read takes a frame apart. What was sent by this program isn't checked.
func read(body []byte) (m message, ok bool) {
	name, list, err := codec.Split(body)
	if err != nil || len(name) < 2 {
		return m, false
	}
	args := list.Args()
	args.Skip() // the tag
	m.number, m.text = args.Int(), args.TextBytes()
	for _, digit := range name[1:] {
		m.port = m.port*10 + int(digit-'0')
	}
	return m, args.Err() == nil
}

// A cutter finds the frames in what is read from a connection.
type cutter struct {
	part []byte // of a frame whose end hasn't come
}

// cut calls take with the body of each frame that ends in p.
func (c *cutter) cut(p []byte, take func(body []byte)) {
	if len(c.part) > 0 {
		if p = c.complete(p, take); len(c.part) > 0 {
			return
		}
	}
	for len(p) >= header {
		end := header + length(p)
		if len(p) < end {
			break
		}
		take(p[header:end])
		p = p[end:]
	}
	c.part = append(c.part, p...)
}

// complete takes what the frame that has begun lacks, and returns the rest.
func (c *cutter) complete(p []byte, take func(body []byte)) []byte {
	if p = c.fill(p, header); len(c.part) < header {
		return nil
	}
	end := header + length(c.part)
	if p = c.fill(p, end); len(c.part) < end {
		return nil
	}
	take(c.part[header:])
	c.part = c.part[:0]
	return p
}

// fill moves octets of p to the frame until it has so many.
func (c *cutter) fill(p []byte, size int) (rest []byte) {
	n := min(max(0, size-len(c.part)), len(p))
	c.part = append(c.part, p[:n]...)
	return p[n:]
}

func length(p []byte) int { return int(binary.BigEndian.Uint32(p)) }
