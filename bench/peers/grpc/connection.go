package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aemp-go/aemp/bench/peers/secure"
	"github.com/aemp-go/aemp/bench/play"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

const (
	windows = 16 << 20  // octets that may be under way
	buffer  = 128 << 10 // octets that are read or written at once

	service = "bench.Bench"
	stream  = "Stream"
	ask     = "Ask"
	who     = "receiver" // in a stream's metadata: its number
)

func security(s play.Spec) (credentials.TransportCredentials, error) {
	if !s.TLS {
		return insecure.NewCredentials(), nil
	}
	c, err := secure.Config()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(c), nil
}

// serverOptions and clientOptions are the configuration.
func serverOptions(s play.Spec, c credentials.TransportCredentials) []grpc.ServerOption {
	o := []grpc.ServerOption{
		grpc.Creds(c), grpc.ForceServerCodecV2(codec{}),
		grpc.InitialWindowSize(windows), grpc.InitialConnWindowSize(windows),
	}
	if s.Peers > 0 {
		return append(o, grpc.SharedWriteBuffer(true))
	}
	return append(o, grpc.ReadBufferSize(buffer), grpc.WriteBufferSize(buffer))
}

func clientOptions(s play.Spec, c credentials.TransportCredentials) []grpc.DialOption {
	o := []grpc.DialOption{
		grpc.WithTransportCredentials(c), grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{})),
		grpc.WithInitialWindowSize(windows), grpc.WithInitialConnWindowSize(windows),
	}
	if s.Peers > 0 {
		return append(o, grpc.WithSharedWriteBuffer(true))
	}
	return append(o, grpc.WithReadBufferSize(buffer), grpc.WithWriteBufferSize(buffer))
}

// connect makes that many connections.
func connect(s play.Spec, many int) ([]*grpc.ClientConn, error) {
	c, err := security(s)
	if err != nil {
		return nil, err
	}
	o := clientOptions(s, c)
	all := make([]*grpc.ClientConn, many)
	for k := range all {
		if all[k], err = grpc.NewClient("passthrough:///"+s.Address, o...); err != nil {
			return nil, fmt.Errorf("connect to %s: %w", s.Address, err)
		}
	}
	return all, nil
}

// open opens the stream to receiver number k.
func open(c *grpc.ClientConn, k int) (grpc.ClientStream, error) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), who, strconv.Itoa(k))
	to, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/"+service+"/"+stream)
	if err != nil {
		return nil, fmt.Errorf("open stream %d: %w", k, err)
	}
	return to, nil
}

// number is that of the receiver that a stream is for.
func number(ctx context.Context) (int, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	of := md.Get(who)
	if len(of) != 1 {
		return 0, fmt.Errorf("a stream of %d receivers", len(of))
	}
	return strconv.Atoi(of[0])
}
