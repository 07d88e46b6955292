package aemp

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/hostport"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/seeds"
)

const (
	defaultMonitorTimeout  = 30 * time.Second
	defaultConnectInterval = 2 * time.Second

	// leastTime is the least that a time of the configuration can sensibly be.
	// What is below was meant in another unit.
	leastTime = 10 * time.Millisecond

	// maxLoops bounds the event loops: more than a machine has cores.
	maxLoops = 1024
)

// A Config is what a program gives to Start. Its zero value is a node with an ID of
// its own that listens on all addresses, as far as the configuration file
// doesn't say otherwise: see Effective for how the two go together.
type Config struct {
	// Node is the ID of this node. It has to be the only one with it in the
	// network: messages to a name that two nodes have go to either. In it, %n
	// becomes the host's name, and each %u and a slash at the end a string that no
	// other node has. Letters, digits and _ - . : / are allowed, 255 octets at
	// most. A node that others know by a fixed name needs a fixed ID, others are
	// best off with a unique one, since a restarted node is then another node.
	// Default: the Profile and a slash.
	Node string

	// Binds are the places to listen at: HOST:PORT, [IPv6]:PORT, or comma lists of
	// them. Host * is each address of this host that others can use; a host name
	// is all of its addresses; a missing port or * is any free one, see
	// Node.Addresses. One that can't be bound aborts the start. Empty but not nil:
	// no listener; such a node can talk only to those that listen. Default: "*".
	Binds []string

	// Announce is where other nodes find this one, in the form of Binds, if that isn't
	// where it listens: outside of a container, or on the other side of an address
	// translation. A missing port or * is each port of Binds; names are looked up at
	// the start. Empty but not nil: nowhere, so that other nodes wait for this one to
	// connect. Default: the addresses at which it listens.
	Announce []string

	// Seeds are places where nodes of the network are known to listen, in the form
	// of Binds; without a port it is 4040. "srv:_aemp._tcp.example.org" stands for the
	// seeds that the name's SRV records tell, "file:/etc/aemp/seeds" for those in a
	// file, a line each, which may change. The node connects to all of them and
	// keeps trying; one of them is its master in the database, by which it finds all
	// other nodes. It may be its own seed, which makes it global. Default: none, so
	// that others have to come.
	Seeds []string

	// SeedSources tell of further seeds, which may change. Default: none.
	SeedSources []SeedSource

	// Secret is what all nodes of the network know and prove to each other that
	// they know. It is a text whose characters stand for one octet each, so none
	// is above U+00FF. Anybody who has it can run functions on every node: take 32
	// random characters or more. Default: none. Without Secret and Cert no other
	// node can be connected.
	Secret string

	// Cert turns TLS on. It is PEM text: a private key, its certificate, and the
	// certificates by which those of the others are verified, in any order. The
	// same self-signed certificate on all nodes will do. Default: none, links are
	// then authenticated but neither encrypted nor protected against someone on
	// the way.
	Cert string

	// AllowClear accepts nodes without TLS although Cert is set, if they know the
	// Secret. It is meant for the time in which a network changes over: as long as
	// it is on, a certificate keeps nobody out.
	AllowClear bool

	// AuthOffer and AuthAccept are the methods by which this node proves itself
	// and which it accepts, best first: tlsexp, tls_sha3_512, hmac_sha3_512, and,
	// for those who know why, tls_anon and cleartext. Default: of the first three
	// those for which Cert or Secret is there.
	AuthOffer, AuthAccept []string

	// Framings are the forms in which this node wants to be sent messages, best
	// first: msgpack, cbor, json. Perl nodes know the latter two. Default: all.
	Framings []string

	// MonitorTimeout is how long to wait for another node: for a handshake to end,
	// for a connection to come up before what is queued for it is given up and its
	// monitors fire, and at most between two attempts at a seed. More tolerates
	// longer outages without a loss, less tells monitors sooner. The same on all
	// nodes is best. At least ConnectInterval. Default: 30 s.
	MonitorTimeout time.Duration

	// ConnectInterval is the pause before the next of a node's addresses is tried
	// while the earlier attempts go on. It is shortened where a node has so many
	// that MonitorTimeout wouldn't suffice. A few round-trip times; more delays
	// the fall-back to an address that works, less opens connections in
	// vain. Default: 2 s.
	ConnectInterval time.Duration

	// Secure refuses what other nodes might call here by name: functions, and
	// ports spawned with one. Messages to ports, monitors and the database go on.
	// Default: others may call the functions that the program registered, and those by
	// which every node tells about the network: PeersFunction, FamiliesFunction.
	Secure bool

	// Global makes this node a global one from the start: it keeps the whole database
	// and a connection to each other global node. The others have one of these as their
	// master, which they find as a seed; whoever is somebody's seed becomes global
	// anyway. A network needs one, and two to survive a failure. Default: only if it
	// has to.
	Global bool

	// Quotas bound what this node may hold in the database and, if it is global, what it
	// keeps of each of the nodes whose master it is. Default: some thousand
	// families, a million keys and 256 MiB.
	Quotas Quotas

	// Loops is the number of event loops, each on a thread of its own. A port and
	// a link live on one of them, so one per core uses the machine, and more only
	// costs. At most 1024. Default: runtime.GOMAXPROCS(0).
	Loops int

	// Logger gets what an operator should know, and decides itself how much of it
	// is kept. Default: see LogLevel.
	Logger *slog.Logger

	// LogLevel is the least level that is logged, on standard error, where there
	// is no Logger: debug, info, warn, error, also as info+2. Default: slog.Default()
	// decides.
	LogLevel string

	// Profile is the part of the configuration file that counts for this program;
	// without such a part it is what the file says for all. Default: the name of
	// the host.
	Profile string

	// RC is the configuration file; it must exist then. Default: where the
	// environment's PERL_ANYEVENT_MP_RC points, else ~/.perl-anyevent-mp, if there
	// is one.
	RC string

	// NoRC leaves the configuration file alone: all that counts is here.
	NoRC bool

	// Force makes what is set here count more than what is in the file. By
	// default it is the other way round, so that whoever runs the program has the
	// last word. What is false or empty here doesn't count as set.
	Force bool
}

// A ConfigError says which field of a Config can't be used, and why.
type ConfigError struct {
	Field string
	Value string // as the program gave it; secrets are left out
	Err   error
}

func (e *ConfigError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("config: %s: %v", e.Field, e.Err)
	}
	return fmt.Sprintf("config: %s %s: %v", e.Field, e.Value, e.Err)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Validate reports everything in c that makes no sense, as a *ConfigError each,
// joined. It reads neither file nor network, and doesn't change c.
func (c *Config) Validate() error {
	return errors.Join(
		c.validateNode(),
		c.validatePlaces(),
		c.validateIdentity(),
		c.validateAuth("AuthOffer", c.AuthOffer),
		c.validateAuth("AuthAccept", c.AuthAccept),
		c.validateFramings(),
		c.validateTimes(),
		c.validateQuotas(),
		c.validateRest(),
		c.validateFile(),
	)
}

func (c *Config) validateNode() error {
	if c.Node == "" {
		return nil
	}
	if _, err := kernel.ExpandNodeID(c.Node, "n", "u"); err != nil {
		return wrong("Node", fmt.Sprintf("%q", c.Node), err)
	}
	return nil
}

func (c *Config) validatePlaces() error {
	var faults []error
	if _, err := kernel.ParseBinds(c.Binds); err != nil {
		faults = append(faults, wrong("Binds", fmt.Sprintf("%q", c.Binds), err))
	}
	faults = append(faults, c.validateAnnounce(), c.validateSeeds())
	return errors.Join(faults...)
}

func (c *Config) validateAnnounce() error {
	value := fmt.Sprintf("%q", c.Announce)
	places, err := seeds.ParseAnnounce(c.Announce)
	if err != nil {
		return wrong("Announce", value, err)
	}
	if len(places) > 0 && c.Binds != nil && len(hostport.Split(c.Binds)) == 0 {
		return wrong("Announce", value, errors.New("nobody would be there: Binds has no listener"))
	}
	return nil
}

func (c *Config) validateSeeds() error {
	value := fmt.Sprintf("%q", c.Seeds)
	places, sources, err := c.seeds()
	if err != nil {
		return wrong("Seeds", value, err)
	}
	if err := seeds.CheckSources(sources); err != nil {
		return wrong("SeedSources", "", err)
	}
	if len(places)+len(sources) > 0 && c.Secret == "" && c.Cert == "" {
		return wrong("Seeds", value, errors.New("they let nobody in who has neither Secret nor Cert"))
	}
	return nil
}

// seeds are those of Seeds, and all sources.
func (c *Config) seeds() ([]seeds.Seed, []seeds.Source, error) {
	places, sources, err := seeds.ParseAll(c.Seeds)
	return places, append(sources, c.SeedSources...), err
}

func (c *Config) validateIdentity() error {
	var faults []error
	if _, err := secretOctets(c.Secret); err != nil {
		faults = append(faults, wrong("Secret", "", err))
	}
	if c.Cert != "" {
		if _, err := loop.NewIdentity([]byte(c.Cert)); err != nil {
			faults = append(faults, wrong("Cert", "", err))
		}
	}
	if c.AllowClear && c.Cert != "" && c.Secret == "" {
		faults = append(faults, wrong("AllowClear", "true",
			errors.New("without TLS only a Secret tells friend from foe, and there is none")))
	}
	return errors.Join(faults...)
}

// needs is what a method of authentication can't do without.
var needs = map[string]string{
	codec.AuthExported:  "Cert",
	codec.AuthTLS:       "Cert",
	codec.AuthAnonymous: "Cert",
	codec.AuthHMAC:      "Secret",
	codec.AuthCleartext: "Secret",
}

func (c *Config) validateAuth(field string, methods []string) error {
	if methods == nil {
		return nil
	}
	has := map[string]bool{"Cert": c.Cert != "", "Secret": c.Secret != ""}
	var faults []error
	possible := false
	for _, method := range methods {
		need, known := needs[method]
		if !known {
			faults = append(faults, wrong(field, fmt.Sprintf("%q", method), errors.New("no such method")))
		}
		possible = possible || has[need]
	}
	if len(faults) == 0 && !possible {
		faults = append(faults, wrong(field, fmt.Sprintf("%q", methods),
			errors.New("no method for which there is the Cert or the Secret")))
	}
	return errors.Join(faults...)
}

func (c *Config) validateFramings() error {
	if c.Framings == nil {
		return nil
	}
	var faults []error
	for i, name := range c.Framings {
		if _, known := codec.ParseFraming(name); !known {
			faults = append(faults, wrong("Framings", fmt.Sprintf("%q", name), errors.New("no such framing")))
		} else if slices.Contains(c.Framings[:i], name) {
			faults = append(faults, wrong("Framings", fmt.Sprintf("%q", name), errors.New("listed twice")))
		}
	}
	if len(c.Framings) == 0 {
		faults = append(faults, wrong("Framings", "[]", errors.New("no framing is left to talk in")))
	}
	return errors.Join(faults...)
}

func (c *Config) validateTimes() error {
	faults := []error{
		validateTime("MonitorTimeout", c.MonitorTimeout),
		validateTime("ConnectInterval", c.ConnectInterval),
	}
	d := c.withDefaults()
	if d.MonitorTimeout < d.ConnectInterval {
		faults = append(faults, wrong("MonitorTimeout", d.MonitorTimeout.String(),
			fmt.Errorf("below ConnectInterval, which is %v", d.ConnectInterval)))
	}
	return errors.Join(faults...)
}

func validateTime(field string, d time.Duration) error {
	if d == 0 || d >= leastTime {
		return nil
	}
	return wrong(field, d.String(), fmt.Errorf("below %v; a plain number is nanoseconds", leastTime))
}

func (c *Config) validateRest() error {
	var faults []error
	if c.Loops < 0 || c.Loops > maxLoops {
		faults = append(faults, wrong("Loops", fmt.Sprint(c.Loops), fmt.Errorf("not between 0 and %d", maxLoops)))
	}
	if c.LogLevel != "" {
		var level slog.Level
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			faults = append(faults, wrong("LogLevel", fmt.Sprintf("%q", c.LogLevel), err))
		}
	}
	return errors.Join(faults...)
}

func (c *Config) validateFile() error {
	if c.NoRC && c.RC != "" {
		return wrong("RC", fmt.Sprintf("%q", c.RC), errors.New("NoRC says not to read it"))
	}
	return nil
}

func wrong(field, value string, err error) error { return &ConfigError{field, value, err} }

// secretOctets are the octets that the characters of a secret stand for (protocol
// 2.4); nil if it is empty.
func secretOctets(secret string) ([]byte, error) {
	var octets []byte
	for _, c := range secret {
		if c > 0xff { // also what isn't UTF-8
			return nil, errors.New("not a text of characters up to U+00FF, each of which stands for an octet")
		}
		octets = append(octets, byte(c))
	}
	return octets, nil
}
