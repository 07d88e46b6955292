// Command aemp plays the benchmark with this project: the public API, the default
// configuration but for what a workload is about, and all default limits.
//
// Floods come from goroutines through Node.Send, or from a handler that has its next turn by
// a message to itself; receivers are handlers that read number and text by accessors.
// Round trips by messages are answered, and begun again, in the handler that got the last
// message. Requests are Node.Call on a goroutine. Each link is one of a node of its own;
// the nodes of a process share its event loops.
package main

import "github.com/aemp-go/aemp/bench/play"

func main() {
	play.Main(map[string]func(play.Spec) error{
		play.Receiver: receiver,
		play.Sender:   sender,
		play.Alone:    alone,
	})
}

func receiver(s play.Spec) error {
	if s.Kind == play.Stream {
		return play.Skip("its raw connections are measured by bench/dataconn")
	}
	e, err := newEnvironment(s)
	if err != nil {
		return err
	}
	n, err := e.listen()
	if err != nil {
		return err
	}
	switch s.Kind {
	case play.PingPong:
		err = answerMessages(n, s)
	case play.Call:
		err = answerCalls(n)
	case play.Idle:
		err = weighPeers(n, s)
	default:
		err = receiveFlood(n, s)
	}
	if err != nil {
		return err
	}
	play.Say(play.Line{Ready: e.address(n)})
	return nil
}

func sender(s play.Spec) error {
	e, err := newEnvironment(s)
	if err != nil {
		return err
	}
	nodes, err := e.connect(links(s))
	if err != nil {
		return err
	}
	switch s.Kind {
	case play.OneWay, play.FanIn:
		return sendFlood(nodes, targets("receiver", s), s)
	case play.PingPong:
		if s.Rate > 0 {
			return sendPaced(nodes[0], s)
		}
		return sendMessages(nodes, s)
	case play.Call:
		return call(nodes[0], s)
	case play.Start:
		return nodes[0].Send(target("receiver", 0), play.Tag, play.Begin, play.Text(s.Size))
	case play.Idle:
		return nil
	}
	return play.Skip("doesn't know %s", s.Kind)
}

func alone(s play.Spec) error {
	if s.Kind != play.Local {
		return play.Skip("doesn't know %s", s.Kind)
	}
	e, err := newEnvironment(s)
	if err != nil {
		return err
	}
	n, err := e.start("alone")
	if err != nil {
		return err
	}
	if s.From == "handler" {
		return floodFromHandlers(n, s)
	}
	if err := receiveFlood(n, s); err != nil {
		return err
	}
	return sendFlood([]*node{n}, targets("alone", s), s)
}

// links is how many nodes the sender's process has.
func links(s play.Spec) int {
	if s.Peers > 0 {
		return s.Peers
	}
	return s.Links
}
