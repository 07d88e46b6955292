package aemp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

// A raw connection carries what is too large for messages.
func ExampleNode_DialData() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	ctx := context.Background()

	server.RegisterData("store::upload", func(self *aemp.Context, m aemp.Message, conn net.Conn) {
		args := m.Args()
		name := args.Text()
		go func() { // a handler must not block
			defer conn.Close()
			n, err := io.Copy(io.Discard, conn)
			fmt.Fprintf(conn, "%s: %d octets, %v", name, n, err)
		}()
	})

	client.WaitNode(ctx, "server")
	conn, err := client.DialData(ctx, "server", "store::upload", "film")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	io.Copy(conn, strings.NewReader(strings.Repeat("x", 1<<20)))
	conn.(*aemp.DataConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	fmt.Println(string(answer), err)
	// Output: film: 1048576 octets, <nil> <nil>
}

// What can't be had is told, by the other side, too.
func ExampleNode_DialData_refused() {
	node := start("main")
	defer stop(node)

	_, err := node.DialData(context.Background(), "main", "no::such")
	var refused *aemp.DataError
	fmt.Println(errors.As(err, &refused), err)
	// Output: true main: refused: no such function 'no::such'
}

// A handler doesn't wait: its function is called with the connection. If there is none in
// time its port dies.
func ExampleContext_OpenData() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	client.WaitNode(context.Background(), "server")

	server.RegisterData("clock", func(self *aemp.Context, m aemp.Message, conn net.Conn) {
		go func() {
			fmt.Fprint(conn, "noon")
			conn.Close()
		}()
	})

	done := make(chan string)
	port := newPort(client)
	port.On("ask", func(self *aemp.Context, m aemp.Message) {
		self.OpenData("server", 5*time.Second, "clock", nil, func(self *aemp.Context, conn net.Conn) {
			go func() {
				defer conn.Close()
				answer, err := io.ReadAll(conn)
				done <- fmt.Sprint(string(answer), " ", err)
			}()
		})
	})
	client.Send(port.ID(), "ask")
	fmt.Println(<-done)
	// Output: noon <nil>
}

// An HTTP server that only nodes of the network reach.
func ExampleNode_ListenData() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	client.WaitNode(context.Background(), "server")

	listener, err := server.ListenData("http")
	if err != nil {
		fmt.Println(err)
		return
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello from ", r.URL.Path)
	})}
	go web.Serve(listener)
	defer web.Close()

	browser := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return client.DialData(ctx, "server", "http")
		},
	}}
	answer, err := browser.Get("http://server/page")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Println(string(text), err)
	// Output: hello from /page <nil>
}
