package codec_test

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

var small = codec.Limits{Message: 100, Depth: 5, Items: 20}

// readAll is what a Decoder makes of a stream that comes in these pieces: each
// message printed, and the error that ended it.
func readAll(f codec.Framing, lim codec.Limits, pieces ...string) (messages []string, err error) {
	d := codec.NewDecoder(f, lim)
	for _, piece := range pieces {
		d.Feed([]byte(piece))
		for {
			_, body, ok, err := d.Next()
			if err != nil {
				if _, _, _, again := d.Next(); again != err {
					return messages, fmt.Errorf("the error has become %v", again)
				}
				return messages, err
			}
			if !ok {
				break
			}
			messages = append(messages, codec.ArgsMessage(body, 1).String())
		}
	}
	if d.Buffered() > 0 {
		messages = append(messages, fmt.Sprintf("%d octets wait", d.Buffered()))
	}
	return messages, nil
}

// eachCut gives the stream whole, octet by octet, and cut in two everywhere.
func eachCut(s string, f func(pieces ...string)) {
	f(s)
	f(strings.Split(s, "")...)
	for i := range len(s) {
		f(s[:i], s[i:])
	}
}

func frame(body string) string { return string([]byte{0, 0, 0, byte(len(body))}) + body }

func TestStreamsAreReadHoweverTheyAreCut(t *testing.T) {
	for _, c := range []struct {
		framing  codec.Framing
		stream   string
		messages []string
	}{
		{codec.Msgpack, frame("\x91\x01") + frame("\x90") + frame("\xa1x") + frame("\xdc\x00\x02\xa1p\x07"), []string{"[[1]]", `[["p", 7]]`}},
		{codec.Msgpack, frame("\x91\x01") + "\x00\x00\x00\x05\x91", []string{"[[1]]", "5 octets wait"}},
		{codec.CBOR, "\x80\x01\x61x\xf6\xc1\x81\x01\x81\x01\x9f\xff\x9f\x02\xff", []string{"[[1]]", "[[2]]"}},
		{codec.CBOR, "\x82\x41p\x78\x01x", []string{`[[b"p", "x"]]`}},
		{codec.CBOR, "\x82\x5f\x41a\x40\x41b\xff\x7f\x61c\x60\x61d\xff", []string{`[[b"ab", "cd"]]`}},
		{codec.CBOR, "\x81\xbf\x61a\x01\x7f\x61b\xff\x9f\x80\xa0\xff\xff", []string{`[[{"a": 1, "b": [[], {}]}]]`}},
		{codec.CBOR, "\x81\xa5\x01\x02\x20\x03\x19\x01\x00\x04\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x05\xd9\xd9\xf7\x61x\x06", []string{`[[{"1": 2, "-1": 3, "256": 4, "-9223372036854775808": 5, "x": 6}]]`}},
		{codec.CBOR, "\xd9\xd9\xf7\x82\xd9\xd9\xf7\x01\x9f\xd9\xd9\xf7\x02\xff", []string{`[[1, [2]]]`}},
		{codec.CBOR, "\x87\xf4\xf5\xf6\xf7\xf9\x3c\x00\xfa\x3f\x80\x00\x00\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", []string{`[[false, true, null, null, 1, 1, 1]]`}},
		{codec.CBOR, "\x86\xf9\x00\x01\xf9\x80\x00\xf9\x7c\x00\xf9\xfc\x00\xf9\x7e\x00\xf9\xc5\x00", []string{`[[5.960464477539063e-08, -0, +Inf, -Inf, NaN, -5]]`}},
		{codec.CBOR, "\x85\x18\xff\x19\xff\xff\x1a\xff\xff\xff\xff\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", []string{`[[255, 65535, 4294967295, 18446744073709551615, -9223372036854775808]]`}},
		{codec.CBOR, "\x82\x3b\xff\xff\xff\xff\xff\xff\xff\xff\xd9\x56\x52\x61x", []string{`[[tag3(b"\xff\xff\xff\xff\xff\xff\xff\xff"), tag22098("x")]]`}},
		{codec.CBOR, "\x82\x41p", []string{"3 octets wait"}},
		{codec.JSON, ` [ ] 1 "x" [1]` + "\n[2]null[ 3 , \"x\" ] true ", []string{"[[1]]", "[[2]]", `[[3, "x"]]`}},
		{codec.JSON, `["\u00e9\ud83d\ude00\/\n\\\"","é😀/"]`, []string{`[["é😀/\n\\\"", "é😀/"]]`}},
		{codec.JSON, `["\ud800","\ud800x","\ud800\n","\udc00","\ud800\ud800\udc00"]`, []string{"[" + `["\xed\xa0\x80", "\xed\xa0\x80x", "\xed\xa0\x80\n", "\xed\xb0\x80", "\xed\xa0\x80𐀀"]` + "]"}},
		{codec.JSON, `[{"a":{},"b":[[],{"c":null}]},[true,false]]`, []string{`[[{"a": {}, "b": [[], {"c": null}]}, [true, false]]]`}},
		{codec.JSON, `[0,-0,-9223372036854775808,18446744073709551615,18446744073709551616,1.5,1e3,-2E-1,1e999]`, []string{`[[0, 0, -9223372036854775808, 18446744073709551615, 1.8446744073709552e+19, 1.5, 1000, -0.2, +Inf]]`}},
		{codec.JSON, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", []string{"[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]]"}},
		{codec.JSON, "[\"\xff\xed\xa0\x80\"]", []string{`[["\xff\xed\xa0\x80"]]`}},
		{codec.JSON, `["abc`, []string{"5 octets wait"}},
	} {
		eachCut(c.stream, func(pieces ...string) {
			got, err := readAll(c.framing, codec.DefaultLimits, pieces...)
			if err != nil || !reflect.DeepEqual(got, c.messages) {
				t.Fatalf("%s %q in %d pieces:\nhave %q, %v\nwant %q", c.framing, c.stream, len(pieces), got, err, c.messages)
			}
		})
	}
}

func TestStreamsEndAtTheFirstBadOctet(t *testing.T) {
	for _, c := range []struct {
		framing codec.Framing
		good    string // one message, printed "[1]"
		bad     string
		what    string
	}{
		{codec.Msgpack, frame("\x91\x01"), "\x03\x00\x00\x01x", "octet 6: a frame of unknown kind"},
		{codec.Msgpack, frame("\x91\x01"), "\x00\x00\x00\x00", "octet 6: an empty frame"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x80"), "octet 10: a message that is a map"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x92\x01\xc1"), "octet 12: octet 0xc1 begins no value"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x91\x01\x02"), "octet 12: octets after the value"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x92\x01"), "octet 10: the value is cut short"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x91\x81\x01\x01"), "octet 12: a map key of kind int"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x91\xd4\x05\x01"), "octet 11: extension type 5"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x91\xc7\x02\x43\xa0\x01"), "octet 14: a tag number of kind text"},
		{codec.Msgpack, frame("\x91\x01"), frame("\x91\xc7\x03\x43\x01\x01\x01"), "octet 11: a tag whose size isn't that of its value"},
		{codec.CBOR, "\x81\x01", "\xa0", "octet 2: a message that is a map"},
		{codec.CBOR, "\x81\x01", "\xbf", "octet 2: a message that is a map"},
		{codec.CBOR, "\x81\x01", "\x81\x1c", "octet 3: octet 0x1c begins no value"},
		{codec.CBOR, "\x81\x01", "\x81\xff", "octet 3: a break"},
		{codec.CBOR, "\x81\x01", "\xff", "octet 2: a break"},
		{codec.CBOR, "\x81\x01", "\x81\xbf\x61a\xff", "a break"},
		{codec.CBOR, "\x81\x01", "\x9f\xc1\xff", "octet 4: a break"},
		{codec.CBOR, "\x81\x01", "\x81\x1f", "octet 3: an integer or tag of indefinite length"},
		{codec.CBOR, "\x81\x01", "\x81\xdf", "octet 3: an integer or tag of indefinite length"},
		{codec.CBOR, "\x81\x01", "\x81\x5f\x61", "octet 4: a chunk"},
		{codec.CBOR, "\x81\x01", "\x81\x5f\x5f", "octet 4: a chunk"},
		{codec.CBOR, "\x81\x01", "\x81\xa1\xf6", "octet 4: a map key"},
		{codec.CBOR, "\x81\x01", "\x81\xa1\x9f", "octet 4: a map key"},
		{codec.CBOR, "\x81\x01", "\x81\xa1\xc1", "octet 4: a map key"},
		{codec.CBOR, "\x81\x01", "\x81\xa1\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "a map key"},
		{codec.CBOR, "\x81\x01", "\x81\xe0", "CBOR simple value 0"},
		{codec.CBOR, "\x81\x01", "\x81\xf8\x20", "CBOR simple value 32"},
		{codec.CBOR, "\x81\x01", "\x81\xf8\x14", "simple value 20 in two octets"},
		{codec.JSON, "[1]", "{", "octet 3: a message that is a map"},
		{codec.JSON, "[1]", "]", `octet 3: ']' instead of a value`},
		{codec.JSON, "[1]", "[1 2", `octet 6: '2' instead of a comma or the end of the list`},
		{codec.JSON, "[1]", "[1,]", `octet 6: ']' instead of a value`},
		{codec.JSON, "[1]", "[1}", `instead of a comma or the end of the list`},
		{codec.JSON, "[1]", `[{]`, `octet 5: ']' instead of a key or the map's end`},
		{codec.JSON, "[1]", `[{"a":1,}`, `octet 11: '}' instead of a key`},
		{codec.JSON, "[1]", `[{"a",`, `octet 8: ',' instead of a colon`},
		{codec.JSON, "[1]", `[{"a":1]`, `instead of a comma or the end of the map`},
		{codec.JSON, "[1]", `[01]`, `"01" is neither number nor literal`},
		{codec.JSON, "[1]", `[-]`, `"-" is neither number nor literal`},
		{codec.JSON, "[1]", `[nul]`, `"nul" is neither number nor literal`},
		{codec.JSON, "[1]", "[\"a\nb\"]", "octet 6: control character 0xa in a string"},
		{codec.JSON, "[1]", `["\x"]`, `escape sequence "\\x"`},
		{codec.JSON, "[1]", `["\u12g4"]`, `escape sequence "\\u12g4"`},
	} {
		eachCut(c.good+c.bad, func(pieces ...string) {
			got, err := readAll(c.framing, codec.DefaultLimits, pieces...)
			if err == nil || len(got) != 1 || got[0] != "[[1]]" {
				t.Fatalf("%s %q in %d pieces: %q, %v", c.framing, c.bad, len(pieces), got, err)
			}
			if (len(pieces) == 1 || c.framing == codec.Msgpack) && !strings.Contains(err.Error(), c.what) {
				t.Errorf("%s %q: %v", c.framing, c.bad, err)
			}
		})
	}
}

func TestStreamsEndWhereALimitIsReached(t *testing.T) {
	long := strings.Repeat("x", 101)
	for _, c := range []struct {
		framing codec.Framing
		stream  string
		what    string
	}{
		{codec.Msgpack, "\x00\x00\x00\x65", "octets"},
		{codec.Msgpack, frame(strings.Repeat("\x91", 6) + "\x01"), "levels"},
		{codec.Msgpack, frame("\x91" + strings.Repeat("\x81\xa1k", 5) + "\x01"), "levels"},
		{codec.Msgpack, frame("\xdc\x00\x15" + strings.Repeat("\x01", 21)), "elements"},
		{codec.Msgpack, frame("\x91\x8a" + strings.Repeat("\xa0\x01", 10)), "elements"},
		{codec.CBOR, "\x81\x78\x65", "octets"},
		{codec.CBOR, "\x81\x5a\xff\xff\xff\xff", "octets"},
		{codec.CBOR, "\x81\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "octets"},
		{codec.CBOR, "\x81\x5f" + strings.Repeat("\x4axxxxxxxxxx", 10), "octets"},
		{codec.CBOR, "\x81\x7f\x78\x65", "octets"},
		{codec.CBOR, "\x82\x58\x30" + long[:48] + "\x58\x30" + long[:48], "octets"},
		{codec.CBOR, strings.Repeat("\xd9\xd9\xf7", 34), "octets"},
		{codec.CBOR, "\x9a\xff\xff\xff\xff", "elements"},
		{codec.CBOR, "\x81\xba\xff\xff\xff\xff", "elements"},
		{codec.CBOR, "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "elements"},
		{codec.CBOR, "\x95", "elements"},
		{codec.CBOR, "\x81\xaa", "elements"},
		{codec.CBOR, "\x9f" + strings.Repeat("\x01", 21), "elements"},
		{codec.CBOR, strings.Repeat("\x81", 6), "levels"},
		{codec.CBOR, strings.Repeat("\x9f", 6), "levels"},
		{codec.CBOR, strings.Repeat("\xc1", 6), "levels"},
		{codec.CBOR, strings.Repeat("\x81", 5) + "\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "levels"},
		{codec.JSON, `["` + long, "octets"},
		{codec.JSON, `["` + long[:97] + `"]`, "octets"},
		{codec.JSON, "[" + long[:0] + strings.Repeat("1", 101), "octets"},
		{codec.JSON, "[" + strings.Repeat(" ", 100) + "]", "octets"},
		{codec.JSON, "[[[[[[", "levels"},
		{codec.JSON, "[" + strings.Repeat("1,", 20) + "1]", "elements"},
		{codec.JSON, "[{" + strings.Repeat(`"":1,`, 9) + `"":1}]`, "elements"},
	} {
		eachCut(c.stream, func(pieces ...string) {
			got, err := readAll(c.framing, small, pieces...)
			var e *codec.LimitError
			if !errors.As(err, &e) || !strings.Contains(e.What, c.what) || len(got) > 0 {
				t.Fatalf("%s %q in %d pieces: %q, %v", c.framing, c.stream, len(pieces), got, err)
			}
		})
	}
}

func TestWhatIsJustWithinTheLimitsIsRead(t *testing.T) {
	x := strings.Repeat("x", 100)
	for _, c := range []struct {
		framing codec.Framing
		stream  string
	}{
		{codec.Msgpack, frame("\x91\xc4\x61" + x[:97])},
		{codec.Msgpack, frame(strings.Repeat("\x91", 5) + "\x01")},
		{codec.Msgpack, frame("\xdc\x00\x14" + strings.Repeat("\x01", 20))},
		{codec.CBOR, "\x81\x58\x61" + x[:97]},
		{codec.CBOR, strings.Repeat("\x81", 5) + "\x01"},
		{codec.CBOR, "\x94" + strings.Repeat("\x01", 20)},
		{codec.CBOR, "\x9f" + strings.Repeat("\x01", 20) + "\xff"},
		{codec.CBOR, "\x9f\xd9\xd9\xf7\x01" + strings.Repeat("\x01", 19) + "\xff"},
		{codec.JSON, `["` + x[:96] + `"]`},
		{codec.JSON, "[[[[[1]]]]]"},
		{codec.JSON, "[" + strings.Repeat("1,", 19) + "1]"},
	} {
		if got, err := readAll(c.framing, small, c.stream); err != nil || len(got) != 1 {
			t.Errorf("%s %q: %q, %v", c.framing, c.stream, got, err)
		}
	}
}

func TestFragmentsAndControlFramesArePassedOn(t *testing.T) {
	d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits)
	d.Feed([]byte("\x01\x00\x00\x02\xc1\xc1" + "\x02\x00\x00\x01\x90"))
	for _, want := range []struct {
		kind codec.Kind
		body string
	}{{codec.KindFragment, "\xc1\xc1"}, {codec.KindControl, "\x90"}} {
		kind, body, ok, err := d.Next()
		if kind != want.kind || string(body) != want.body || !ok || err != nil {
			t.Errorf("%v %x %v %v", kind, body, ok, err)
		}
	}
}

func TestFeedingBeforeAllIsReadLosesNothing(t *testing.T) {
	for f, stream := range map[codec.Framing]string{codec.Msgpack: frame("\x91\x01"), codec.CBOR: "\x81\x01", codec.JSON: "[1]"} {
		d := codec.NewDecoder(f, codec.DefaultLimits)
		for range 3 {
			d.Feed([]byte(stream))
		}
		if d.Buffered() != 3*len(stream) {
			t.Error(f, d.Buffered())
		}
		for range 3 {
			if _, body, ok, err := d.Next(); !ok || err != nil || string(body) != "\x91\x01" {
				t.Errorf("%s: %x %v %v", f, body, ok, err)
			}
		}
		if _, _, ok, err := d.Next(); ok || err != nil {
			t.Error(f, ok, err)
		}
	}
}

// A peer that claims much and sends little must not cost much; one that sends
// much in small pieces must not cost more than its octets.
func TestDecoderHoldsNoMoreThanItReceived(t *testing.T) {
	for f, claim := range map[codec.Framing]string{codec.Msgpack: "\x00\xff\xff\xff\x91", codec.CBOR: "\x81\x5a\x00\xff\xff\x00", codec.JSON: `["`} {
		var d *codec.Decoder
		var before, after runtime.MemStats
		const runs = 1000
		runtime.ReadMemStats(&before)
		for range runs {
			d = codec.NewDecoder(f, codec.DefaultLimits)
			d.Feed([]byte(claim))
			if _, _, ok, err := d.Next(); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / runs; each > 2000 {
			t.Errorf("%s: %d octets were allocated for %d received", f, each, len(claim))
		}
		octet, n := []byte{'x'}, 1<<20
		for range n {
			d.Feed(octet)
			if _, _, ok, err := d.Next(); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if d.Buffered() != n+len(claim) {
			t.Errorf("%s: %d octets are waiting", f, d.Buffered())
		}
	}
}
