// Package hostport reads the places of the configuration: where to listen
// (binds) and whom to call (seeds), and finds their addresses.
//
// A place is HOST, HOST:PORT, [v6] or [v6]:PORT. A bare number is a port of this
// host. The host * is this host, with all of its addresses that others can use;
// the port * is the same as none given (protocol 1).
package hostport

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/aemp-go/aemp/loop"
)

// ThisHost is the host that stands for all of this host's addresses.
const ThisHost = "*"

var (
	// ErrNoAddress: a host name without addresses.
	ErrNoAddress = errors.New("the name has no address")
	// ErrNoOwnAddress: this host isn't on a network.
	ErrNoOwnAddress = errors.New("this host has no address that others can use")
)

// A Place is a host and a port of it.
type Place struct {
	// Host is an address literal (IPv6 without brackets), a name, or ThisHost.
	Host string
	// Port is 0 when none was given.
	Port uint16
}

// String is the form that Parse reads.
func (p Place) String() string {
	host := p.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p.Port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(p.Port))
}

// Split takes comma lists apart, trims the elements and leaves out empty ones.
func Split(list []string) []string {
	var all []string
	for _, element := range list {
		for part := range strings.SplitSeq(element, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// Parse reads one place. The error says what is wrong, not in which text.
func Parse(text string) (Place, error) {
	if isNumber(text) {
		port, err := parsePort(text)
		return Place{ThisHost, port}, err
	}
	host, port, hasPort, err := cut(text)
	if err != nil {
		return Place{}, err
	}
	if !hasPort || port == "*" {
		return Place{Host: host}, nil
	}
	number, err := parsePort(port)
	return Place{host, number}, err
}

// cut divides the text into host, checked, and port.
func cut(text string) (host, port string, hasPort bool, err error) {
	if strings.HasPrefix(text, "[") {
		return cutBrackets(text)
	}
	if strings.Count(text, ":") > 1 {
		return "", "", false, errors.New("an IPv6 address needs brackets, as in [::1]:4040")
	}
	host, port, hasPort = strings.Cut(text, ":")
	return host, port, hasPort, checkHost(host)
}

func cutBrackets(text string) (host, port string, hasPort bool, err error) {
	host, rest, closed := strings.Cut(text[1:], "]")
	if !closed {
		return "", "", false, errors.New("the bracket isn't closed")
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() {
		return "", "", false, fmt.Errorf("%q is not an IPv6 address", host)
	}
	if rest == "" {
		return host, "", false, nil
	}
	if rest[0] != ':' {
		return "", "", false, fmt.Errorf("%q after the bracket", rest)
	}
	return host, rest[1:], true, nil
}

func checkHost(host string) error {
	if host == "" {
		return errors.New("no host; * is this host")
	}
	if host == ThisHost {
		return nil
	}
	if isNumber(host) {
		return fmt.Errorf("%q is a number, not a host", host)
	}
	if len(host) > 253 {
		return errors.New("host name longer than 253 octets")
	}
	for _, c := range host {
		if !isNameChar(c) {
			return fmt.Errorf("%q in a host name", c)
		}
	}
	return nil
}

func isNameChar(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_'
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func parsePort(text string) (uint16, error) {
	if !isNumber(text) {
		return 0, fmt.Errorf("port %q is not a number", text)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("port %s is above 65535", text)
	}
	return uint16(n), nil
}

// Resolve finds the addresses of a place, with its port, each once, in the order
// of the resolver. It is called on l; done comes there, after the running
// callback, with at least one address or an error.
func Resolve(l loop.Loop, p Place, done func([]netip.AddrPort, error)) {
	answer := func(addrs []netip.Addr, err, none error) {
		if err == nil && len(addrs) == 0 {
			err = none
		}
		done(withPort(addrs, p.Port), err)
	}
	if p.Host == ThisHost {
		l.Later(loop.Func(func() {
			addrs, err := l.Addresses()
			answer(addrs, err, ErrNoOwnAddress)
		}))
		return
	}
	l.Resolve(p.Host, func(addrs []netip.Addr, err error) { answer(addrs, err, ErrNoAddress) })
}

func withPort(addrs []netip.Addr, port uint16) []netip.AddrPort {
	var places []netip.AddrPort
	seen := make(map[netip.Addr]bool, len(addrs))
	for _, addr := range addrs {
		addr = addr.Unmap()
		if !seen[addr] {
			seen[addr] = true
			places = append(places, netip.AddrPortFrom(addr, port))
		}
	}
	return places
}
