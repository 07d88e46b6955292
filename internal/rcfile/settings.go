package rcfile

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

// Settings are the values that the file gives for a profile. What it doesn't set
// is nil; a list that is set but empty is not nil.
type Settings struct {
	Found bool // there is such a profile

	NodeID          *string
	Secret          *string
	Cert            *string // PEM text
	Seeds           []string
	Binds           []string
	Announce        []string
	Services        json.RawMessage // as strict JSON
	Secure          *bool
	MonitorTimeout  *time.Duration
	ConnectInterval *time.Duration
	Framings        []string // framing_format
	AuthOffer       []string
	AuthAccept      []string
	AutoCork        *bool
	NoDelay         *bool
	Log             *string // level

	Unknown  map[string]json.RawMessage // keys that mean nothing to us
	Warnings []error                    // each an *Error
}

// maxSeconds bounds a time setting, far below what a time.Duration can hold.
const maxSeconds = 1e9

// assign puts one value of the file into its field.
func (f *File) assign(s *Settings, m *member) (err error) {
	if m.value.kind == nullValue {
		return nil
	}
	switch m.key {
	case "nodeid":
		s.NodeID, err = f.str(m)
	case "secret":
		s.Secret, err = f.str(m)
	case "cert":
		s.Cert, err = f.str(m)
	case "log":
		s.Log, err = f.str(m)
	case "seeds":
		s.Seeds, err = f.strings(m)
	case "binds":
		s.Binds, err = f.strings(m)
	case "announce":
		s.Announce, err = f.strings(m)
	case "framing_format":
		s.Framings, err = f.strings(m)
	case "auth_offer":
		s.AuthOffer, err = f.strings(m)
	case "auth_accept":
		s.AuthAccept, err = f.strings(m)
	case "services":
		s.Services = appendJSON(nil, &m.value)
	case "secure":
		s.Secure, err = f.flag(m)
	case "autocork":
		s.AutoCork, err = f.flag(m)
	case "nodelay":
		s.NoDelay, err = f.flag(m)
	case "monitor_timeout":
		s.MonitorTimeout, err = f.seconds(m)
	case "connect_interval":
		s.ConnectInterval, err = f.seconds(m)
	case "eval":
		err = f.refuseEval(m)
	default:
		f.keep(s, m)
	}
	return err
}

func (f *File) keep(s *Settings, m *member) {
	if s.Unknown == nil {
		s.Unknown = make(map[string]json.RawMessage)
	}
	s.Unknown[m.key] = appendJSON(nil, &m.value)
	s.Warnings = append(s.Warnings, f.fault(m.start, "unknown key %q, ignored", m.key))
}

// A program in Perl text can't be run, and leaving it out would change what the
// node does.
func (f *File) refuseEval(m *member) error {
	if !truthy(&m.value) {
		return nil
	}
	return f.fault(m.start, "eval is Perl text, which can't be run here; remove it or use another profile")
}

func (f *File) str(m *member) (*string, error) {
	content, ok := scalar(&m.value)
	if !ok {
		return nil, f.fault(m.value.start, "%s is %s, not a string", m.key, m.value.kind)
	}
	return &content, nil
}

// strings reads a list of strings or a string with commas.
func (f *File) strings(m *member) ([]string, error) {
	elements := m.value.list
	if m.value.kind != listValue {
		elements = []value{m.value}
	}
	all := []string{}
	for i := range elements {
		element, ok := scalar(&elements[i])
		if !ok {
			return nil, f.fault(elements[i].start, "%s has %s where a string is expected", m.key, elements[i].kind)
		}
		all = append(all, hostport.Split([]string{element})...)
	}
	return all, nil
}

func (f *File) flag(m *member) (*bool, error) {
	if m.value.kind == listValue || m.value.kind == objectValue {
		return nil, f.fault(m.value.start, "%s is %s, neither true nor false", m.key, m.value.kind)
	}
	is := truthy(&m.value)
	return &is, nil
}

func (f *File) seconds(m *member) (*time.Duration, error) {
	literal, ok := scalar(&m.value)
	literal = strings.TrimSpace(literal)
	n, err := strconv.ParseFloat(literal, 64)
	if !ok || err != nil && !math.IsInf(n, 0) || strings.Trim(literal, "+-.0123456789eE") != "" {
		return nil, f.fault(m.value.start, "%s is not a number of seconds", m.key)
	}
	d := time.Duration(min(n, maxSeconds) * float64(time.Second))
	if d <= 0 || n > maxSeconds {
		return nil, f.fault(m.value.start, "%s is %s seconds, not between 0 and %g", m.key, literal, maxSeconds)
	}
	return &d, nil
}

// scalar is a string, or what Perl makes of a number when a string is wanted.
func scalar(v *value) (string, bool) {
	return v.text, v.kind == textValue || v.kind == numberValue
}

// truthy is what Perl takes for true.
func truthy(v *value) bool {
	switch v.kind {
	case nullValue:
		return false
	case boolValue:
		return v.text == "true"
	case numberValue:
		n, _ := strconv.ParseFloat(v.text, 64)
		return n != 0
	case textValue:
		return v.text != "" && v.text != "0"
	}
	return true
}

// appendJSON writes a value without anything relaxed.
func appendJSON(dst []byte, v *value) []byte {
	switch v.kind {
	case nullValue, boolValue, numberValue:
		return append(dst, v.text...)
	case textValue:
		return append(dst, quote(v.text)...)
	case listValue:
		dst = append(dst, '[')
		for i := range v.list {
			dst = appendJSON(appendComma(dst, i), &v.list[i])
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i := range v.members {
		dst = append(appendComma(dst, i), quote(v.members[i].key)...)
		dst = appendJSON(append(dst, ':'), &v.members[i].value)
	}
	return append(dst, '}')
}

func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}
