package codec

import "strings"

// Version is the protocol version that a greeting states.
const Version = "1"

// A Greeting is the first line of a handshake (protocol 2.1).
type Greeting struct {
	Protocol string   // "aemp", or "aemp-WORD" from a dialler with another purpose
	Version  string   // "1"
	Node     string   // the sender's node ID
	Auths    []string // methods it accepts, best first
	Framings []string // what it can read, best first
	Keys     []Key    // in the order they came
}

// A Key is one of a greeting's further fields.
type Key struct {
	Name, Value string
	HasValue    bool // false: the field has no "="
}

// A GreetingError says what is wrong with a line of the handshake.
type GreetingError struct{ What string }

func (e *GreetingError) Error() string { return "bad greeting: " + e.What }

// ParseGreeting reads a greeting, a line without its end. Of another protocol
// version's greeting only the first three fields are read, as far as they are
// there. Errors are *GreetingError.
func ParseGreeting(line []byte) (Greeting, error) {
	f := strings.Split(string(line), ";")
	g := Greeting{Protocol: f[0]}
	if word, found := strings.CutPrefix(f[0], "aemp"); !found || word != "" && (word[0] != '-' || len(word) == 1) {
		return Greeting{}, &GreetingError{"the line doesn't begin with aemp"}
	}
	if len(f) < 2 {
		return Greeting{}, &GreetingError{"no protocol version"}
	}
	g.Version = f[1]
	if g.Version != Version {
		if len(f) > 2 {
			g.Node = f[2]
		}
		return g, nil
	}
	if len(f) < 5 {
		return Greeting{}, &GreetingError{"fewer than five fields"}
	}
	g.Node = f[2]
	if err := ValidPeerID(g.Node); err != nil {
		return Greeting{}, &GreetingError{err.Error()}
	}
	g.Auths, g.Framings = splitNames(f[3]), splitNames(f[4])
	for _, field := range f[5:] {
		name, value, has := strings.Cut(field, "=")
		g.Keys = append(g.Keys, Key{name, value, has})
	}
	return g, nil
}

func splitNames(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Append appends the line, without its end. Fields are written as they are: what
// is in them must not contain ';' or line ends.
func (g *Greeting) Append(b []byte) []byte {
	b = append(b, g.Protocol...)
	for _, field := range [...]string{g.Version, g.Node, strings.Join(g.Auths, ","), strings.Join(g.Framings, ",")} {
		b = append(append(b, ';'), field...)
	}
	for _, k := range g.Keys {
		b = append(append(b, ';'), k.Name...)
		if k.HasValue {
			b = append(append(b, '='), k.Value...)
		}
	}
	return b
}

// Key is the value of the first key of that name, and whether there is one.
func (g *Greeting) Key(name string) (value string, ok bool) {
	for _, k := range g.Keys {
		if k.Name == name {
			return k.Value, true
		}
	}
	return "", false
}
