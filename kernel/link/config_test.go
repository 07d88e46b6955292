package link

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

func TestAnUnusableConfigIsRefusedByField(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *Config)
		field  string
	}{
		"no node ID":              {func(c *Config) { c.Node = "" }, "Node"},
		"a bad node ID":           {func(c *Config) { c.Node = "a#b" }, "Node"},
		"no instance":             {func(c *Config) { c.Instance = "" }, "Instance"},
		"a separator in instance": {func(c *Config) { c.Instance = "a;b" }, "Instance"},
		"an unknown offer":        {func(c *Config) { c.AuthOffer = []string{"hmac_md6_64_256"} }, "AuthOffer"},
		"an unknown accept":       {func(c *Config) { c.AuthAccept = []string{"x"} }, "AuthAccept"},
		"no framings":             {func(c *Config) { c.Framings = []codec.Framing{} }, "Framings"},
	} {
		t.Run(name, func(t *testing.T) {
			err := with(node("a"), c.change).Validate()
			var ce *ConfigError
			if !errors.As(err, &ce) || ce.Field != c.field || !strings.Contains(err.Error(), c.field) {
				t.Errorf("error %v, want one about %s", err, c.field)
			}
		})
	}
}

func TestMethodsFollowFromCertificateAndSecret(t *testing.T) {
	cert := &loop.Identity{Model: "cert"}
	every := []string{"tlsexp", "tls_sha3_512", "hmac_sha3_512", "tls_anon", "cleartext"}
	for name, c := range map[string]struct {
		config        Config
		offer, accept []string
	}{
		"secret":              {Config{Secret: []byte("s")}, []string{"hmac_sha3_512"}, []string{"hmac_sha3_512"}},
		"certificate":         {Config{Identity: cert}, []string{"tlsexp", "tls_sha3_512"}, []string{"tlsexp", "tls_sha3_512"}},
		"both":                {Config{Identity: cert, Secret: []byte("s")}, []string{"tlsexp", "tls_sha3_512"}, []string{"tlsexp", "tls_sha3_512"}},
		"neither":             {Config{}, nil, nil},
		"clear without key":   {Config{Identity: cert, AllowClear: true}, []string{"tlsexp", "tls_sha3_512"}, []string{"tlsexp", "tls_sha3_512"}},
		"all, secret only":    {Config{Secret: []byte("s"), AuthOffer: every, AuthAccept: every}, []string{"hmac_sha3_512", "cleartext"}, []string{"hmac_sha3_512", "cleartext"}},
		"all, certificate":    {Config{Identity: cert, AuthOffer: every, AuthAccept: every}, []string{"tlsexp", "tls_sha3_512", "tls_anon"}, []string{"tlsexp", "tls_sha3_512", "tls_anon"}},
		"tlsexp isn't sent":   {Config{Identity: cert, AuthOffer: []string{"tls_sha3_512"}}, []string{"tls_sha3_512"}, []string{"tls_sha3_512"}},
		"tlsexp alone is ok":  {Config{Identity: cert, AuthAccept: []string{"tlsexp"}}, []string{"tlsexp", "tls_sha3_512"}, []string{"tlsexp"}},
		"nothing is accepted": {Config{Identity: cert, AuthAccept: []string{}}, []string{"tlsexp", "tls_sha3_512"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(every)
			c.config.Node, c.config.Instance, c.config.Extensions = "a", "i", true
			if err := c.config.Validate(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(c.config.AuthOffer, c.offer) || !slices.Equal(c.config.AuthAccept, c.accept) {
				t.Errorf("offers %v, accepts %v", c.config.AuthOffer, c.config.AuthAccept)
			}
			if !slices.Equal(every, before) {
				t.Error("the caller's list was changed")
			}
		})
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	c := valid(t, node("a"))
	if c.Limits != codec.DefaultLimits || !slices.Equal(c.Framings, []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}) {
		t.Errorf("limits %v, framings %v", c.Limits, c.Framings)
	}
}
