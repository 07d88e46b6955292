package codec_test

import (
	"fmt"

	"github.com/aemp-go/aemp/codec"
)

// A message is encoded once and read without being decoded.
func Example() {
	frame, err := codec.AppendFrameArgs(nil, "inbox", codec.DefaultLimits, []any{"order", 7, []string{"tea", "milk"}})
	if err != nil {
		fmt.Println(err)
		return
	}

	d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits)
	d.Feed(frame)
	for {
		_, body, ok, err := d.Next()
		if err != nil {
			fmt.Println(err)
		}
		if !ok {
			break
		}
		port, m, _ := codec.Split(body)
		a := m.Args()
		tag, number, goods := a.Text(), a.Int(), a.List()
		if err := a.Err(); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("to %s: %s %d", port, tag, number)
		for goods.More() {
			fmt.Print(" ", goods.Text())
		}
		fmt.Println()
	}
	// Output: to inbox: order 7 tea milk
}

func ExampleAppendFrame() {
	m, _ := codec.MessageOf("temperature", 21.5, nil)
	frame, _ := codec.AppendFrameMessage(nil, "log", m, codec.DefaultLimits)
	body := frame[4:] // without the frame's head
	for _, f := range []codec.Framing{codec.CBOR, codec.JSON} {
		wire, err := codec.AppendFrame(nil, f, body, codec.DefaultLimits)
		fmt.Printf("%s %q %v\n", f, wire, err)
	}
	// Output:
	// cbor "\x84clogktemperature\xfaA\xac\x00\x00\xf6" <nil>
	// json "[\"log\",\"temperature\",21.5,null]" <nil>
}

func ExampleMessage_Scan() {
	m, _ := codec.MessageOf("order", 7, "tea")
	var number int
	var what string
	err := m.Scan(nil, &number, &what)
	fmt.Println(number, what, err)
	err = m.Scan(&number)
	fmt.Println(err)
	// Output:
	// 7 tea <nil>
	// element 0: want int, have text
}

func ExampleParseGreeting() {
	g, err := codec.ParseGreeting([]byte("aemp;1;example;hmac_sha3_512;cbor,json;mproto=1"))
	proto, ok := g.Key("mproto")
	fmt.Println(g.Node, g.Framings, proto, ok, err)
	// Output: example [cbor json] 1 true <nil>
}
