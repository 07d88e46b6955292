package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/bench/play"
	"google.golang.org/grpc"
)

func receiver(s play.Spec) error {
	if err := unlike(s); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, err := security(s)
	if err != nil {
		return err
	}
	var handle func(k int, from grpc.ServerStream) error
	switch s.Kind {
	case play.OneWay, play.FanIn, play.Start:
		handle = receive(play.NewMeters(s.Pairs * s.Ports))
	case play.PingPong, play.Call:
		handle = echo
	case play.Idle:
		if handle, err = weigh(s); err != nil {
			return err
		}
	default:
		return play.Skip("doesn't know %s", s.Kind)
	}
	g := grpc.NewServer(serverOptions(s, c)...)
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: service, HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: stream, ClientStreams: true, ServerStreams: true,
			Handler: func(_ any, from grpc.ServerStream) error {
				k, err := number(from.Context())
				if err != nil {
					return err
				}
				return handle(k, from)
			},
		}},
		Methods: []grpc.MethodDesc{{MethodName: ask, Handler: answer}},
	}, nil)
	play.Say(play.Line{Ready: l.Addr().String()})
	return g.Serve(l)
}

// receive meters what comes on a stream.
func receive(meters *play.Meters) func(int, grpc.ServerStream) error {
	return func(k int, from grpc.ServerStream) error {
		m, l := meters.Meter(k), new(letter)
		for {
			switch err := from.RecvMsg(l); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			if string(l.tag) != play.Tag {
				m.Damaged()
			}
			m.TakeBytes(l.number, l.text)
		}
	}
}

// echo sends back what comes on a stream.
func echo(_ int, from grpc.ServerStream) error {
	for l := new(letter); ; {
		if err := from.RecvMsg(l); err != nil {
			return err
		}
		if err := from.SendMsg(l.plain()); err != nil {
			return err
		}
	}
}

// answer is a unary call's.
func answer(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var l letter
	if err := read(&l); err != nil {
		return nil, err
	}
	return l.plain(), nil
}

// weigh measures what the process's memory has grown by when all peers are connected, each
// with its stream.
func weigh(s play.Spec) (func(int, grpc.ServerStream) error, error) {
	before, err := play.Resident()
	if err != nil {
		return nil, err
	}
	var connected atomic.Int64
	return func(_ int, from grpc.ServerStream) error {
		if connected.Add(1) == int64(s.Peers) {
			time.Sleep(s.Warm)
			after, err := play.Resident()
			if err != nil {
				play.Say(play.Line{Error: err.Error()})
				return err
			}
			play.Say(play.Line{Result: &play.Result{Octets: (after - before) / int64(s.Peers)}})
		}
		return from.RecvMsg(new(letter))
	}, nil
}
