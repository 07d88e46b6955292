package kernel

import (
	"github.com/aemp-go/aemp/loop"
)

// kill ends a port anywhere; from a shard.
func (s *shard) kill(target string, r Reason) error {
	n := s.node
	node, port, err := n.split(target)
	if err != nil {
		return err
	}
	if port == "" {
		return &IDError{"port ID", target, errNodePort}
	}
	if node != n.id {
		return s.send(node, kil1(port, r))
	}
	if p := n.port(port); p != nil {
		s.to(p.shard, loop.Func(func() { p.die(r) }))
	}
	return nil
}

// Kill ends a port, here or elsewhere. Without a reason it is a normal death. A
// port that doesn't exist is no error.
func (n *Node) Kill(target string, reason ...any) error {
	r := NewReason(reason...)
	node, port, err := n.split(target)
	if err != nil {
		return err
	}
	if port == "" {
		return &IDError{"port ID", target, errNodePort}
	}
	if node != n.id {
		return n.Forward(node, kil1(port, r))
	}
	if n.closing.Load() {
		return ErrClosed
	}
	if p := n.port(port); p != nil {
		p.kill(r)
	}
	return nil
}
