package rcfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// indent is how deep a new member stands if there is none to go by.
const indent = "   "

// SetTop gives a key of the top level a string for its value: in place of the one
// that it has, or as a new last member. Not an octet of the rest changes.
func (f *File) SetTop(key, content string) error {
	for _, s := range []string{key, content} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("setting %q in %s: not UTF-8", key, f.path)
		}
	}
	if f.root == nil {
		return f.setText(onOwnLine(f.text) + "{\n" + indent + pair(key, content) + "\n}\n")
	}
	if m := f.root.find(key); m != nil {
		return f.setText(f.text[:m.value.start] + quote(content) + f.text[m.value.end:])
	}
	return f.setText(f.insert(pair(key, content)))
}

func onOwnLine(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// insert adds a last member to the root: on a line of its own where the closing
// bracket has one, else right behind the others.
func (f *File) insert(pair string) string {
	closing := f.root.end - 1
	line := strings.LastIndexByte(f.text[:closing], '\n') + 1
	if line <= f.root.start || strings.TrimSpace(f.text[line:closing]) != "" {
		return f.insertInline(pair)
	}
	before, after := f.text[:line], f.text[line:]
	eol := "\n"
	if strings.HasSuffix(before, "\r\n") {
		eol = "\r\n"
	}
	lead := f.lead(f.text[line:closing])
	if last := f.last(); last != nil && !f.root.trailing {
		end := last.value.end
		before = before[:end] + "," + before[end:]
	}
	return before + lead + pair + eol + after
}

func (f *File) insertInline(pair string) string {
	closing, last := f.root.end-1, f.last()
	switch {
	case last == nil:
		return f.text[:closing] + "\n" + indent + pair + "\n" + f.text[closing:]
	case f.root.trailing:
		return f.text[:closing] + " " + pair + f.text[closing:]
	}
	end := last.value.end
	return f.text[:end] + ", " + pair + f.text[end:]
}

// lead is the white space before a new member: as before the last one, if that
// begins its line, else deeper than the closing bracket.
func (f *File) lead(ofBracket string) string {
	if last := f.last(); last != nil {
		line := strings.LastIndexByte(f.text[:last.start], '\n') + 1
		if before := f.text[line:last.start]; strings.Trim(before, " \t") == "" {
			return before
		}
	}
	return ofBracket + indent
}

func (f *File) last() *member {
	if n := len(f.root.members); n > 0 {
		return &f.root.members[n-1]
	}
	return nil
}

func pair(key, content string) string { return quote(key) + " : " + quote(content) }

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can't fail
	return strings.TrimSuffix(b.String(), "\n")
}
