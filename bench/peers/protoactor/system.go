package main

import (
	"log/slog"
	"strconv"

	"github.com/aemp-go/aemp/bench/peers/secure"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	batch   = 1000      // messages that are sent in one at most
	octets  = 4 << 20   // of text that a batch has about at most
	queue   = 16 << 10  // places of a writer's queue to begin with; it grows
	windows = 16 << 20  // octets that gRPC has under way
	buffer  = 128 << 10 // octets that gRPC reads or writes at once
	largest = 64 << 20  // octets of a batch, with what is around its texts
)

// newSystem has no remote.
func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// newRemote starts a system that others can reach.
func newRemote(s play.Spec) (*actor.ActorSystem, error) {
	near, far := insecure.NewCredentials(), insecure.NewCredentials()
	if s.TLS {
		c, err := secure.Config()
		if err != nil {
			return nil, err
		}
		near, far = credentials.NewTLS(c), credentials.NewTLS(c)
	}
	system := newSystem()
	remote.NewRemote(system, remote.Configure("127.0.0.1", 0,
		remote.WithEndpointWriterBatchSize(max(1, min(batch, octets/max(1, s.Size)))),
		remote.WithEndpointWriterQueueSize(queue),
		remote.WithServerOptions(
			grpc.Creds(near),
			grpc.MaxRecvMsgSize(largest),
			grpc.InitialWindowSize(windows), grpc.InitialConnWindowSize(windows),
			grpc.ReadBufferSize(buffer), grpc.WriteBufferSize(buffer),
		),
		remote.WithDialOptions(
			grpc.WithTransportCredentials(far),
			grpc.WithInitialWindowSize(windows), grpc.WithInitialConnWindowSize(windows),
			grpc.WithReadBufferSize(buffer), grpc.WithWriteBufferSize(buffer),
		),
	)).Start()
	return system, nil
}

// spawn starts the actor number k of a kind.
func spawn(system *actor.ActorSystem, kind string, k int, receive actor.ReceiveFunc) (*actor.PID, error) {
	return system.Root.SpawnNamed(actor.PropsFromFunc(receive), kind+strconv.Itoa(k))
}

// at is the actor number k of a kind of the system at that address.
func at(address, kind string, k int) *actor.PID {
	return actor.NewPID(address, kind+strconv.Itoa(k))
}
