package link

import (
	"slices"
	"strings"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Config is what a node says of itself and what it accepts. All its connections
// share it; after Validate it doesn't change.
type Config struct {
	// Node is the own ID.
	Node string
	// Instance is a random string that tells this process from an earlier or
	// another one with the same ID. Needed with Extensions.
	Instance string
	// Secret is what all nodes of the network know; nil if TLS is all.
	Secret []byte
	// Identity is the certificate; nil: no TLS.
	Identity *loop.Identity
	// AllowClear accepts a peer without TLS although there is an Identity. Without it
	// a certificate keeps strangers out even if they know the secret.
	AllowClear bool
	// AuthOffer lists the methods that we use to prove ourselves, AuthAccept those
	// that we accept from others, best first. nil: tlsexp and tls_sha3_512 with an
	// Identity; hmac_sha3_512 with a Secret and where connections in clear are
	// allowed. tls_anon and cleartext only if listed here. Methods for which the
	// certificate or the secret is missing count as not listed.
	AuthOffer, AuthAccept []string
	// Framings is what we read, best first. nil: msgpack, cbor, json.
	Framings []codec.Framing
	// Limits bound what is read from peers of ours, and what is written. Zero:
	// codec.DefaultLimits.
	Limits codec.Limits
	// Extensions are what nodes of ours do beyond the original protocol (greeting
	// key x=1). Every real node has them; without them it plays the original.
	Extensions bool
}

// originalLimits bound what an original node sends, and what it is told about the database. It knows of
// no parts: all that a node publishes, or all of a family, is one message. This has room
// for some million entries, and is less than what a connection may hold unsent.
var originalLimits = codec.Limits{
	Message: 128 << 20,
	Depth:   codec.DefaultLimits.Depth,
	Items:   1 << 24,
}

// Validate reports what is wrong with c as a *ConfigError, and fills in the
// defaults. Call it once, before the first handshake.
func (c *Config) Validate() error {
	if err := codec.ValidNodeID(c.Node); err != nil {
		return &ConfigError{"Node", err.Error()}
	}
	if c.Extensions && c.Instance == "" {
		return &ConfigError{"Instance", "empty"}
	}
	if strings.ContainsAny(c.Instance, ";\r\n") {
		return &ConfigError{"Instance", "contains a separator"}
	}
	if c.Framings == nil {
		c.Framings = []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}
	}
	if len(c.Framings) == 0 {
		return &ConfigError{"Framings", "none"}
	}
	if c.Limits == (codec.Limits{}) {
		c.Limits = codec.DefaultLimits
	}
	return c.validateAuth()
}

func (c *Config) validateAuth() error {
	for _, list := range []struct {
		field   string
		methods *[]string
	}{{"AuthOffer", &c.AuthOffer}, {"AuthAccept", &c.AuthAccept}} {
		if *list.methods == nil {
			*list.methods = c.defaultMethods()
		}
		for _, m := range *list.methods {
			if !isMethod(m) {
				return &ConfigError{list.field, "unknown method " + m}
			}
		}
		*list.methods = slices.DeleteFunc(slices.Clone(*list.methods), c.impossible)
	}
	// A peer of ours takes a lesser proof from someone who announces tlsexp for a downgrade.
	if !slices.Contains(c.AuthOffer, codec.AuthExported) {
		c.AuthAccept = slices.DeleteFunc(c.AuthAccept, func(m string) bool { return m == codec.AuthExported })
	}
	return nil
}

func (c *Config) defaultMethods() []string {
	var list []string
	if c.Identity != nil {
		list = append(list, codec.AuthExported, codec.AuthTLS)
	}
	if c.Identity == nil || c.AllowClear {
		list = append(list, codec.AuthHMAC)
	}
	return list
}

func isMethod(m string) bool {
	switch m {
	case codec.AuthExported, codec.AuthTLS, codec.AuthHMAC, codec.AuthAnonymous, codec.AuthCleartext:
		return true
	}
	return false
}

// impossible says that a method can be used on no connection of this node.
func (c *Config) impossible(method string) bool {
	switch method {
	case codec.AuthExported:
		return c.Identity == nil || !c.Extensions
	case codec.AuthTLS, codec.AuthAnonymous:
		return c.Identity == nil
	}
	return len(c.Secret) == 0
}
