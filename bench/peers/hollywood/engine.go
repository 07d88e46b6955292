package main

import (
	"fmt"
	"net"
	"strconv"

	"github.com/aemp-go/aemp/bench/peers/secure"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/anthdm/hollywood/actor"
	"github.com/anthdm/hollywood/remote"
)

const (
	inbox  = 4096      // places of an inbox to begin with; it grows
	buffer = 512 << 20 // octets that an envelope may have: 4,096 messages of 64 KiB and some
)

// newEngine starts an engine that others can reach.
func newEngine(s play.Spec) (*actor.Engine, error) {
	config := remote.NewConfig().WithBufferSize(buffer)
	if s.TLS {
		c, err := secure.Config()
		if err != nil {
			return nil, err
		}
		config = config.WithTLS(c)
	}
	address, err := free()
	if err != nil {
		return nil, err
	}
	e, err := actor.NewEngine(actor.NewEngineConfig().WithRemote(remote.New(address, config)))
	if err != nil {
		return nil, fmt.Errorf("start an engine at %s: %w", address, err)
	}
	return e, nil
}

// free is an address that nobody listens at: an engine must be told its own.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// spawn starts the actor number k of a kind.
func spawn(e *actor.Engine, kind string, k int, receive func(*actor.Context)) *actor.PID {
	return e.SpawnFunc(receive, kind, actor.WithID(strconv.Itoa(k)), actor.WithInboxSize(inbox))
}

// at is the actor number k of a kind of the engine at that address.
func at(address, kind string, k int) *actor.PID {
	return actor.NewPID(address, kind+"/"+strconv.Itoa(k))
}
