package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/aemp-go/aemp/bench/peers/secure"
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/ergo-services/ergo"
	"github.com/ergo-services/ergo/gen"
	"github.com/ergo-services/ergo/node"
	"github.com/ergo-services/ergo/proto/dist"
)

const (
	host       = "127.0.0.1"
	cookie     = "bench"
	queue      = 4096    // messages of a connection that wait to be written or decoded
	unfragment = 1 << 20 // octets up to which a message stays in one piece
	spare      = 1024    // places of a mailbox beside what the window needs
)

// start starts a node that listens, and tells where; it can connect to that other one.
func start(s play.Spec, name string, far node.Route) (node.Node, string, error) {
	port, err := free()
	if err != nil {
		return nil, "", err
	}
	proto := node.DefaultProtoOptions()
	proto.NumHandlers = 1
	proto.SendQueueLength, proto.RecvQueueLength = queue, queue
	if s.Peers > 0 {
		proto.SendQueueLength, proto.RecvQueueLength = node.DefaultProtoSendQueueLength, node.DefaultProtoRecvQueueLength
	}
	proto.FragmentationUnit = unfragment
	o := node.Options{
		Listeners: []node.Listener{{Listen: port}},
		Registrar: registrar{far},
		Proto:     dist.CreateProto(proto),
		System:    node.System{DisableAnonMetrics: true},
	}
	if s.TLS {
		if o.TLS, err = secure.Config(); err != nil {
			return nil, "", err
		}
	}
	name += "@" + host
	n, err := ergo.StartNode(name, cookie, o)
	if err != nil {
		return nil, "", fmt.Errorf("start node %s: %w", name, err)
	}
	return n, name + ":" + strconv.Itoa(int(port)), nil
}

// connect starts that many nodes and connects them to the receiver's, whose name it tells.
func connect(s play.Spec, many int) (nodes []node.Node, far string, err error) {
	far, text, _ := strings.Cut(s.Address, ":")
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, "", fmt.Errorf("address %s: %w", s.Address, err)
	}
	route := node.Route{Node: far, Host: host, Port: uint16(port), Options: node.RouteOptions{Cookie: cookie, IsErgo: true}}
	if s.TLS {
		if route.Options.TLS, err = secure.Config(); err != nil {
			return nil, "", err
		}
	}
	for k := range many {
		n, _, err := start(s, "sender"+strconv.Itoa(k), route)
		if err != nil {
			return nil, "", err
		}
		if err := n.Connect(far); err != nil {
			return nil, "", fmt.Errorf("connect to %s: %w", far, err)
		}
		nodes = append(nodes, n)
	}
	return nodes, far, nil
}

// free is a port that nobody listens at: a node takes none to mean one it chooses by trying.
func free() (uint16, error) {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port(), nil
}

// inbox has places for what the window lets one receiver have, and some.
func inbox(s play.Spec) gen.ProcessOptions { return mailbox(window.All(s)/s.Ports + spare) }

// outbox has places for all grants that there can be at once, and some.
func outbox(s play.Spec) gen.ProcessOptions {
	return mailbox(window.All(s)/window.Share(s) + spare)
}

func mailbox(places int) gen.ProcessOptions {
	return gen.ProcessOptions{MailboxSize: uint16(min(1<<16-1, places))}
}
