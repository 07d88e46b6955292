// Adder is a node with a port that adds two numbers.
package main

import (
	"log"

	"github.com/aemp-go/aemp"
)

func main() {
	node, err := aemp.Start(aemp.Config{Node: "calc", Binds: []string{"127.0.0.1:4041"}})
	if err != nil {
		log.Fatal(err)
	}
	adder, err := node.NewNamedPort("adder")
	if err != nil {
		log.Fatal(err)
	}
	adder.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b, reply := args.Int(), args.Int(), args.Text()
		if args.Err() == nil {
			self.Send(reply, a+b)
		}
	})
	select {} // until the process is ended
}
