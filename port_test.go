package aemp_test

import (
	"context"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

func TestAPortThatTakesADeadOnesNameGetsItsMessages(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nodes := network(t, "server", "client")
	server, client := nodes[0], nodes[1]
	if err := client.WaitNode(ctx, "server"); err != nil {
		t.Fatal(err)
	}
	for life := range 3 {
		port, err := server.NewNamedPort("service")
		if err != nil {
			t.Fatal(err)
		}
		port.OnDefault(func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			self.Send(args.Text(), life)
		})
		answer, err := client.Call(ctx, "server#service")
		if err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		if got, err := answer.At(0).Int(); got != int64(life) || err != nil {
			t.Errorf("life %d: %v", life, answer)
		}
		dead := make(chan struct{})
		if _, err := client.Monitor("server#service", func(*aemp.Context, aemp.Reason) { close(dead) }); err != nil {
			t.Fatal(err)
		}
		port.Kill()
		<-dead
	}
}
