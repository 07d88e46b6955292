package aemp_test

import (
	"errors"
	"fmt"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/docs/example/job"
)

func ExampleNewMessage() {
	m, err := aemp.NewMessage("point", 3, 4.5, map[string]string{"color": "red"})
	fmt.Println(m.Len(), m, err)
	// Output: 4 ["point", 3, 4.5, {"color": "red"}] <nil>
}

// Args reads one argument after the other; the first error sticks.
func ExampleArgs() {
	m, _ := aemp.NewMessage("bolt", 12, 0.25, true)

	args := m.Args()
	name, count, price, stock := args.Text(), args.Int(), args.Float(), args.Bool()
	if err := args.Err(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(name, count, price, stock)
	// Output: bolt 12 0.25 true
}

func ExampleAccessError() {
	m, _ := aemp.NewMessage("bolt", "many")

	args := m.Args()
	args.Text()
	args.Int()
	fmt.Println(args.Err())

	var bad *aemp.AccessError
	fmt.Println(errors.As(args.Err(), &bad), bad.Index)
	// Output:
	// element 1: want int64, have text
	// true 1
}

// Lists and maps are read in place.
func ExampleArgs_List() {
	m, _ := aemp.NewMessage([]int{2, 3, 5}, map[string]int{"a": 1, "b": 2})

	args := m.Args()
	sum := int64(0)
	for list := args.List(); list.More(); {
		sum += list.Int()
	}
	for pairs := args.Map(); pairs.Next(); {
		n, _ := pairs.Value().Int()
		fmt.Println(pairs.Key(), n)
	}
	fmt.Println(sum, args.Err())
	// Output:
	// a 1
	// b 2
	// 10 <nil>
}

// Scan reads what is there into variables; further arguments are ignored.
func ExampleMessage_Scan() {
	m, _ := aemp.NewMessage("bolt", 12, 0.25, "ignored")

	var name string
	var count int
	var price float64
	err := m.Scan(&name, &count, &price)
	fmt.Println(name, count, price, err)
	// Output: bolt 12 0.25 <nil>
}

func ExampleMessage_At() {
	m, _ := aemp.NewMessage("bolt", 12)
	fmt.Println(m.At(1), m.At(2).IsNil())
	// Output: 12 true
}

func ExampleMessage_Decode() {
	m, _ := aemp.NewMessage(7, 0.5, []byte("pixels"))

	var j job.Job
	err := m.Decode(&j)
	fmt.Println(j.ID, j.Priority, string(j.Payload), err)
	// Output: 7 0.5 pixels <nil>
}

// A message may go through many hands; Clone makes a copy that lasts.
func ExampleMessage_Clone() {
	m, _ := aemp.NewMessage("keep", "me")
	c := m.Clone()
	fmt.Println(c, c.Equal(m))
	// Output: ["keep", "me"] true
}

func ExampleMessage_Any() {
	m, _ := aemp.NewMessage("a", 1, []any{true, nil})
	values, err := m.Any()
	fmt.Printf("%#v %v\n", values, err)
	// Output: []interface {}{"a", 1, []interface {}{true, interface {}(nil)}} <nil>
}

// Encode makes a value of a generated type, to be sent among others.
func ExampleEncode() {
	one, err := aemp.Encode(&job.Job{ID: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := aemp.NewMessage("queue", one, one)
	fmt.Println(m, err)
	// Output: ["queue", [7, 0, b""], [7, 0, b""]] <nil>
}

// A value read from one message can be sent on in another.
func ExampleValue() {
	m, _ := aemp.NewMessage("wrap", map[string]any{"deep": []int{1, 2}})
	out, err := aemp.NewMessage("wrapped", m.At(1), m.Len())
	fmt.Println(out, err)
	// Output: ["wrapped", {"deep": [1, 2]}, 2] <nil>
}

// Strings that are numbers are read as numbers: a Perl program may have made them so.
func ExampleValue_Int() {
	m, _ := aemp.NewMessage("42", "-7", 3.0)
	for i := range m.Len() {
		n, err := m.At(i).Int()
		fmt.Println(n, err)
	}
	// Output:
	// 42 <nil>
	// -7 <nil>
	// 3 <nil>
}
