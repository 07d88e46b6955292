package kernel

import (
	"errors"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
)

// What the node tells its operator: one line for each thing that goes wrong,
// saying who, what and why, but not more often than every logEvery for the same
// peer and reason.

// limiter remembers when what was logged last.
type limiter struct {
	last map[string]time.Duration
}

// maxLimited bounds the limiter's memory; strangers choose the keys.
const maxLimited = 4096

func (l *limiter) allow(key string, now time.Duration) bool {
	if at, ok := l.last[key]; ok && now-at < logEvery {
		return false
	}
	if l.last == nil || len(l.last) >= maxLimited {
		l.last = map[string]time.Duration{}
	}
	l.last[key] = now
	return true
}

func (n *Node) mayLog(peer, reason string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.limiter.allow(peer+"\x00"+reason, n.shards[0].loop.Now())
}

// outcome counts how a handshake ended, and logs a bad end.
func (n *Node) outcome(kind, remote, peer string, err error) {
	n.mu.Lock()
	n.outcomes[kind]++
	n.mu.Unlock()
	who := peer
	if who == "" {
		who = hostOf(remote)
	}
	if err != nil && n.mayLog(who, kind) {
		n.log.Warn("connection refused", "node", n.id, "peer", peer, "address", remote, "reason", kind, "error", err.Error())
	}
}

// hostOf is an address without its port, which is another one at each attempt.
func hostOf(addr string) string {
	for i := len(addr) - 1; i >= 0; i-- {
		if addr[i] == ':' {
			return addr[:i]
		}
	}
	return addr
}

// refused tells of a connection that never became a link.
func (n *Node) refused(c *conn, err error) {
	peer := c.want
	if c.link.Known() {
		peer = c.link.Peer().Node
	}
	var hs *link.HandshakeError
	kind := "broken"
	var wrong *WrongNodeError
	switch {
	case errors.As(err, &hs):
		kind = hs.Kind.String()
		if hs.Kind == link.OwnID && !c.link.Handshake().IsTwin() {
			n.count(kind) // a seed that is this node: no failure
			return
		}
	case errors.As(err, &wrong):
		kind = "wrong_node"
	case errors.Is(err, link.ErrCrowded):
		kind = "crowded"
	case c.link.Handshake() == nil:
		kind = "unreachable"
	}
	n.outcome(kind, c.link.Remote().String(), peer, err)
}

func (n *Node) count(kind string) {
	n.mu.Lock()
	n.outcomes[kind]++
	n.mu.Unlock()
}

func (n *Node) linkedUp(p *peer, c *conn) {
	n.count("ok")
	a := c.link.Agreed()
	n.log.Info("node up", "node", n.id, "peer", p.id, "address", c.link.Remote().String(),
		"auth", a.Method, "framing", a.Out.String())
}

func (n *Node) linkLost(p *peer, c *conn, err error) {
	n.log.Info("node down", "node", n.id, "peer", p.id, "address", c.link.Remote().String(), "reason", err.Error())
}

// note logs what went wrong on the way to a peer.
func (n *Node) note(peer string, err error) {
	if err != nil && n.mayLog(peer, err.Error()) {
		n.log.Warn("not reached", "node", n.id, "peer", peer, "reason", err.Error())
	}
}
