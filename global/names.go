package global

import (
	"fmt"
	"unicode/utf8"
)

// checkFamily says whether programs may use the name (protocol 6).
func checkFamily(name string) error {
	switch {
	case name == "":
		return &NameError{"family", name, "is empty"}
	case len(name) > MaxFamily:
		return &NameError{"family", name, fmt.Sprintf("has more than %d octets", MaxFamily)}
	case !letter(name[0]):
		return &NameError{"family", name, "doesn't begin with a letter"}
	}
	for _, c := range []byte(name) {
		if !letter(c) && c != '_' && c != ':' && (c < '0' || c > '9') {
			return &NameError{"family", name, fmt.Sprintf("has %q, which is none of A-Z a-z 0-9 _ :", c)}
		}
	}
	return nil
}

// checkReadable says whether a family may be read: programs' ones and the internal ones,
// whose names begin with an apostrophe.
func checkReadable(name string) error {
	if len(name) > 1 && name[0] == '\'' {
		name = name[1:]
	}
	return checkFamily(name)
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// checkKey says whether a program may use the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return &NameError{"key", key, "is empty"}
	case len(key) > MaxKey:
		return &NameError{"key", key, fmt.Sprintf("has more than %d octets", MaxKey)}
	case !utf8.ValidString(key):
		return &NameError{"key", key, "is not UTF-8"}
	}
	return nil
}
