// Command limits plays the benchmark with what lies below a messaging system, to tell what
// the machine and each layer can do at best:
//
//	reactor  the event loops of this project (loop/reactor), without a node around them
//	gnet     the engine of gnet
//	netconn  net.Conn and goroutines
//	tcp      octets through a TCP connection, 64 KiB a write
//	channel  a Go channel for each receiver
//	map      a look-up by the receiver's name in a map and a call
//
// The first three send the very frames of this project's own framing, [port, tag, number, text]
// in MessagePack behind their length, each encoded on its own into a buffer that is written
// when it has 64 KiB. Who receives cuts frames out of what was read, in place where they are
// whole, takes them apart with codec.Split, reads number and text by accessors and finds the
// meter by the port's name. Nothing is checked beyond that, there are no ports, no limits,
// no signs of life. They differ only in how octets get from one process to the other.
package main

import "github.com/aemp-go/aemp/bench/play"

func main() {
	play.Main(map[string]func(play.Spec) error{
		play.Receiver: receiver,
		play.Sender:   sender,
		play.Alone:    alone,
	})
}

// networks carry octets.
var networks = map[string]func(play.Spec) (network, error){
	"reactor": newReactor,
	"gnet":    newGnet,
	"netconn": newNetConn,
}

func receiver(s play.Spec) error {
	if s.System == "tcp" {
		return receiveStream(s)
	}
	n, err := networkFor(s)
	if err != nil {
		return err
	}
	address, err := n.listen(answering(s))
	if err != nil {
		return err
	}
	play.Say(play.Line{Ready: address})
	return nil
}

func sender(s play.Spec) error {
	if s.System == "tcp" {
		return sendStream(s)
	}
	n, err := networkFor(s)
	if err != nil {
		return err
	}
	switch {
	case s.Kind == play.OneWay:
		return sendFlood(n, s)
	case s.Rate > 0:
		return sendPaced(n, s)
	}
	return sendTrips(n, s)
}

func networkFor(s play.Spec) (network, error) {
	start := networks[s.System]
	switch {
	case start == nil:
		return nil, play.Skip("%s isn't between two processes", s.System)
	case s.Kind != play.OneWay && s.Kind != play.PingPong:
		return nil, play.Skip("only frames that go one way or there and back")
	case s.Framing != "" && s.Framing != "msgpack":
		return nil, play.Skip("frames are MessagePack")
	case s.Typed:
		return nil, play.Skip("frames are encoded by hand")
	case s.TLS && s.System != "reactor":
		return nil, play.Skip("only the reactor has TLS here")
	}
	return start(s)
}

func alone(s play.Spec) error {
	if s.Kind != play.Local {
		return play.Skip("doesn't know %s", s.Kind)
	}
	switch s.System {
	case "channel":
		return throughChannels(s)
	case "map":
		return throughMap(s)
	}
	return play.Skip("%s is between two processes", s.System)
}
