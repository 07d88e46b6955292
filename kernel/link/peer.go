package link

import (
	"strconv"
	"strings"

	"github.com/aemp-go/aemp/codec"
)

// Peer is what a peer's greeting says. Nothing of it is proved before Verified.
type Peer struct {
	Node     string
	Purpose  string // the WORD of aemp-WORD, or empty: a link
	Instance string // tells processes with the same ID apart; empty from the original
	Extended bool   // both sides have our extensions
	Perl     bool   // the peer doesn't have them: treat it as the original
	Kinds    Kinds  // frame kinds that both sides know
}

// Agreed is what a handshake has come to, which lasts as long as the link.
type Agreed struct {
	Peer   Peer          // after Greeted
	Method string        // how we prove ourselves; after Ready
	Out    codec.Framing // what we send; after Ready
	In     codec.Framing // what the peer sends; after Verified
}

// Kinds is a set of frame kinds in msgpack framing.
type Kinds uint8

// ownKinds: messages and control frames.
const ownKinds = Kinds(1<<codec.KindMessage | 1<<codec.KindControl)

// Has says whether k is in the set.
func (s Kinds) Has(k codec.Kind) bool { return k < 8 && s&(1<<k) != 0 }

func (s Kinds) String() string {
	var list []string
	for k := range codec.Kind(8) {
		if s.Has(k) {
			list = append(list, strconv.Itoa(int(k)))
		}
	}
	return strings.Join(list, ",")
}

// parseKinds reads what String writes; kinds that we can't know are left out.
func parseKinds(list string) Kinds {
	var s Kinds
	for field := range strings.SplitSeq(list, ",") {
		if k, err := strconv.ParseUint(field, 10, 8); err == nil && k < 8 {
			s |= 1 << k
		}
	}
	return s
}

// setPeer takes the peer from its greeting.
func (h *Handshake) setPeer(g codec.Greeting) {
	// Clones, since what is a part of the line keeps all of it in memory.
	h.said, h.Peer = g, Peer{Node: strings.Clone(g.Node), Kinds: 1 << codec.KindMessage}
	p := &h.Peer
	_, p.Purpose, _ = strings.Cut(g.Protocol, "-")
	x, _ := g.Key("x")
	if x != "1" {
		p.Perl = true
		return
	}
	instance, _ := g.Key("inst")
	p.Instance = strings.Clone(instance)
	p.Extended = h.config.Extensions
	if kinds, ok := g.Key("kinds"); ok && h.config.Extensions {
		p.Kinds |= parseKinds(kinds) & ownKinds
	}
}

// ownGreeting is what this connection says of our node.
func (h *Handshake) ownGreeting() codec.Greeting {
	c, o := h.config, h.options
	g := codec.Greeting{Protocol: "aemp", Version: codec.Version, Node: c.Node, Auths: c.AuthAccept}
	for _, f := range c.Framings {
		g.Framings = append(g.Framings, f.String())
	}
	add := func(name, value string) {
		g.Keys = append(g.Keys, codec.Key{Name: name, Value: value, HasValue: true})
	}
	if c.Extensions {
		add("x", "1")
		add("kinds", ownKinds.String())
		add("inst", c.Instance)
	}
	if c.Identity != nil {
		add("tls", "1.0")
	}
	if o.PeerAddr != "" {
		add("peeraddr", o.PeerAddr)
	}
	if o.Purpose == "" {
		add("mproto", "1") // messages between nodes
		add("gproto", "1") // the database
	} else {
		g.Protocol += "-" + o.Purpose
	}
	g.Keys = append(g.Keys, o.Keys...)
	return g
}

// IsSelf says that the peer has our node ID: it is ourselves or, if IsTwin, another
// process with the same ID. After Greeted. Only the caller knows what that means: a
// seed that is us, or a raw connection within the node.
func (h *Handshake) IsSelf() bool { return h.Peer.Node == h.config.Node }

// IsTwin says that the peer is another process with our node ID.
func (h *Handshake) IsTwin() bool { return h.IsSelf() && h.Peer.Instance != h.config.Instance }
