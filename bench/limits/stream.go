package main

import (
	"io"
	"net"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// receiveStream takes octets from the first to the end of the connection.
func receiveStream(s play.Spec) error {
	if s.Kind != play.Stream {
		return play.Skip("has octets, no messages")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	play.Say(play.Line{Ready: l.Addr().String()})
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	p := make([]byte, batch)
	octets, err := conn.Read(p)
	if err != nil {
		return err
	}
	start := time.Now()
	play.Say(play.Line{Begin: true})
	for {
		n, err := conn.Read(p)
		octets += n
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	play.Say(play.Line{Result: &play.Result{Octets: int64(octets), Seconds: time.Since(start).Seconds()}})
	return nil
}

func sendStream(s play.Spec) error {
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	p := []byte(play.Text(batch))
	octets := 0
	for start := time.Now(); time.Since(start) < s.For; octets += len(p) {
		if _, err := conn.Write(p); err != nil {
			return err
		}
	}
	if err := conn.Close(); err != nil {
		return err
	}
	play.Say(play.Line{Result: &play.Result{Octets: int64(octets)}})
	return nil
}
