package codec_test

import (
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// What Perl reads as text goes to Perl as text, anything else as bytes.
func TestTextThatPerlWouldStumbleOverIsSentAsBytes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		asText     bool
	}{
		{"ASCII", "abcdefghijk", true},
		{"UTF-8", "aé☺😀", true},
		{"surrogate", "\xed\xa0\x80", true},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80", true},
		{"five octets", "\xf8\x88\x80\x80\x80", true},
		{"six octets", "\xfc\x84\x80\x80\x80\x80 and more", true},
		{"overlong, two octets", "\xc0\x80", false},
		{"overlong, three octets", "\xe0\x80\x80", false},
		{"longest overlong, three octets", "\xe0\x9f\xbf", false},
		{"overlong, four octets", "\xf0\x80\x80\x80", false},
		{"overlong, five octets", "\xf8\x80\x80\x80\x80", false},
		{"overlong, six octets", "\xfc\x80\x80\x80\x80\x80", false},
		{"cut short", "abcdefgh\xe2\x98", false},
		{"no continuation", "\xe2\x98a", false},
		{"stray continuation", "abcdefgh\x98", false},
		{"no beginning", "\xff", false},
	} {
		body := value(t, []any{"p", c.text}).Raw()
		for _, f := range []codec.Framing{codec.CBOR, codec.JSON} {
			wire, err := codec.AppendFrame(nil, f, body, codec.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			d := codec.NewDecoder(f, codec.DefaultLimits)
			d.Feed(wire)
			_, body, _, err := d.Next()
			if err != nil {
				t.Fatal(err)
			}
			_, m, _ := codec.Split(body)
			v := m.At(0)
			if f == codec.JSON {
				if got, _ := v.Text(); (got == c.text) != c.asText {
					t.Errorf("%s in JSON: %q", c.name, wire)
				}
			} else if (v.Kind() == codec.Text) != c.asText {
				t.Errorf("%s in CBOR: %q", c.name, wire)
			}
			if got, err := v.Bytes(); !c.asText && (err != nil || string(got) != c.text) {
				t.Errorf("%s in %s: bytes %q, %v", c.name, f, got, err)
			}
		}
	}
}

func TestStringsAreEscapedWhereverTheyNeedIt(t *testing.T) {
	for c := range 256 {
		for _, before := range []int{0, 3, 7, 8, 9, 20} {
			for _, after := range []int{0, 1, 8} {
				octets := make([]byte, before+1+after)
				for i := range octets {
					octets[i] = 'x'
				}
				octets[before] = byte(c)
				for _, sent := range []any{octets, string(rune(c)) + string(octets[:before])} {
					wire, err := codec.AppendFrame(nil, codec.JSON, value(t, []any{"port", sent}).Raw(), codec.DefaultLimits)
					if err != nil {
						t.Fatal(err)
					}
					want, _ := value(t, sent).Text()
					if got, err := decodeOne(t, codec.JSON, wire, len(wire)/2).At(0).Text(); err != nil || got != want {
						t.Fatalf("%q is sent as %q and read as %q, %v", want, wire, got, err)
					}
				}
			}
		}
	}
}
