package codec_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// The fuzz targets start from what real nodes said.

func FuzzGreeting(f *testing.F) {
	eachLine(f, func(line string) { f.Add(line) })
	f.Fuzz(func(t *testing.T, line string) {
		if p, err := codec.ParseProof([]byte(line)); err == nil {
			if again, err := codec.ParseProof(p.Append(nil)); err != nil || again != p {
				t.Errorf("proof %+v comes back as %+v, %v", p, again, err)
			}
		}
		g, err := codec.ParseGreeting([]byte(line))
		if err != nil || g.Version != codec.Version {
			return
		}
		if got := string(g.Append(nil)); got != line {
			t.Errorf("written as %q", got)
		}
	})
}

func eachLine(f *testing.F, add func(string)) {
	for _, tr := range transcripts(f) {
		for s, b := range tr.streams {
			for _, line := range play(tr.linesOf(s), b).lines {
				add(line)
			}
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, tr := range transcripts(f) {
		for _, b := range tr.streams {
			f.Add(string(b), len(b)/2)
		}
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		cut = min(max(cut, 0), len(s))
		whole, err := feedLines(s)
		parts, perr := feedLines(s[:cut], s[cut:])
		if (err == nil) != (perr == nil) || !reflect.DeepEqual(whole, parts) {
			t.Errorf("cut: %q, %v; whole: %q, %v", parts, perr, whole, err)
		}
	})
}

// FuzzDecoder reads any octets in any framing: however they are cut the same
// comes out, and what comes out can be relied on.
func FuzzDecoder(f *testing.F) {
	for _, tr := range transcripts(f) {
		for s := range tr.streams {
			if tr.linesOf(s) != 4 {
				continue
			}
			p := play(4, tr.streams[s])
			if len(p.lines) < 3 {
				continue
			}
			rest := string(tr.streams[s])
			for range 3 {
				_, rest, _ = strings.Cut(rest, "\n")
			}
			f.Add(byte(p.framing), rest, len(rest)/2)
			for _, form := range p.messages {
				f.Add(byte(codec.CBOR), form, 1)
			}
		}
	}
	f.Add(byte(codec.Msgpack), frame("\x92\xa1p\x85\xc4\x01k\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\xa0\xc7\x02\x43\x01\x05\xa1x\xca\x00\x00\x00\x00\xa1y\xdc\x00\x01\xd3\x00\x00\x00\x00\x00\x00\x00\x00\xa1z\xdf\x00\x00\x00\x00"), 9)
	row := frame("\x93\xa1p\xa1t\x01")
	f.Add(byte(codec.Msgpack), row+row+frame("\x92\xa1q\xa1t")+row+frame("\x93\xa1p\xa1t\x91\x01"), 9)
	f.Add(byte(codec.CBOR), "\x9f\x7f\x61a\x41b\xff\xbf\x01\xc2\x41\xff\xff\xff", 3)
	f.Add(byte(codec.JSON), `["p",{"a":[1.5e3,"\ud83d\ude00\ud83d"]},null]`, 30)
	f.Fuzz(func(t *testing.T, framing byte, s string, cut int) {
		fr := codec.Framing(framing % 3)
		lim := codec.Limits{Message: 4096, Depth: 20, Items: 200}
		cut = min(max(cut, 0), len(s))
		whole, err := bodies(t, fr, lim, s)
		parts, perr := bodies(t, fr, lim, s[:cut], s[cut:])
		if (err == nil) != (perr == nil) || !reflect.DeepEqual(whole, parts) {
			t.Errorf("cut: %q, %v; whole: %q, %v", parts, perr, whole, err)
		}
		if plain, perr := plainBodies(t, fr, lim, s[:cut], s[cut:]); (err == nil) != (perr == nil) || !reflect.DeepEqual(whole, plain) {
			t.Errorf("plain: %q, %v; otherwise: %q, %v", plain, perr, whole, err)
		}
	})
}

// plainBodies is bodies where Plain is asked first, and each message remembered.
func plainBodies(t *testing.T, f codec.Framing, lim codec.Limits, pieces ...string) (forms []string, err error) {
	d := codec.NewDecoder(f, lim)
	d.Feed([]byte(pieces[0]))
	pieces = pieces[1:]
	var lead []byte
	for {
		body, again := d.Plain()
		if body == nil {
			kind, other, ok, err := d.Next()
			if !ok {
				if again && err == nil {
					t.Fatalf("something is said to begin with %x, and nothing comes", lead)
				}
				if err == nil && len(pieces) > 0 {
					d.Feed([]byte(pieces[0]))
					pieces = pieces[1:]
					continue
				}
				return forms, err
			}
			if body = other; again && (kind != codec.KindMessage || !bytes.HasPrefix(body, lead)) {
				t.Fatalf("%x is said to begin with %x", body, lead)
			}
			if kind != codec.KindMessage {
				continue
			}
		} else if err := codec.Check(body, lim); err != nil {
			t.Fatalf("%x is handed out as plain: %v", body, err)
		} else if again != (lead != nil && bytes.HasPrefix(body, lead)) {
			t.Fatalf("%x begins with %x: %v", body, lead, again)
		}
		forms = append(forms, useMessage(t, body))
		lead = nil
		if name, _, err := codec.Split(body); err == nil && body[0]&0xf0 == 0x90 && len(name) < 32 && body[1] == 0xa0|byte(len(name)) {
			lead = bytes.Clone(body[:2+len(name)])
		}
		d.Remember(lead, 1)
	}
}

// bodies is what a Decoder makes of a stream, each message in its one CBOR form.
func bodies(t *testing.T, f codec.Framing, lim codec.Limits, pieces ...string) (forms []string, err error) {
	d := codec.NewDecoder(f, lim)
	for _, piece := range pieces {
		d.Feed([]byte(piece))
		for {
			kind, body, ok, err := d.Next()
			if err != nil {
				return forms, err
			}
			if !ok {
				break
			}
			if kind != codec.KindMessage {
				_, _ = codec.ParseControl(body)
				continue
			}
			if err := codec.Check(body, lim); err != nil {
				t.Fatalf("%x is handed out: %v", body, err)
			}
			forms = append(forms, useMessage(t, body))
		}
	}
	return forms, nil
}

// useMessage tries everything on a checked body that a program may.
func useMessage(t *testing.T, body []byte) string {
	if _, _, err := codec.Split(body); err != nil {
		t.Fatal(err)
	}
	v := codec.ArgsMessage(body, 1).At(0)
	useValue(v)
	if !v.Equal(v.Clone()) {
		t.Fatalf("%v isn't equal to itself", v)
	}
	var j job
	var r report
	_, m, _ := codec.Split(body)
	_, _ = m.Decode(&j), m.Decode(&r)
	if _, err := codec.ArgsMessage(body, 1).Any(); err != nil {
		t.Fatal(err)
	}
	form, err := codec.AppendFrame(nil, codec.CBOR, body, codec.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	text, err := codec.AppendFrame(nil, codec.JSON, body, codec.DefaultLimits)
	if fits := codec.Fits(body, []codec.Framing{codec.JSON}, codec.DefaultLimits); (fits == nil) != (err == nil) {
		t.Fatalf("Fits says %v, AppendFrame %v", fits, err)
	}
	// What we write we read.
	for f, wire := range map[codec.Framing][]byte{codec.CBOR: form, codec.JSON: text} {
		if len(wire) == 0 {
			continue // JSON can't carry it
		}
		d := codec.NewDecoder(f, codec.DefaultLimits)
		d.Feed(wire)
		_, back, ok, err := d.Next()
		if err != nil || !ok {
			t.Fatalf("our own %s %q: %v %v", f, wire, ok, err)
		}
		if again, err := codec.AppendFrame(nil, f, back, codec.DefaultLimits); err != nil || string(again) != string(wire) {
			t.Fatalf("%s %q becomes %q, %v", f, wire, again, err)
		}
	}
	return string(form)
}

func useValue(v codec.Value) {
	_, _ = v.Int()
	_, _ = v.Uint()
	_, _ = v.Float()
	_, _ = v.Bool()
	_, _ = v.Text()
	_, _ = v.Bytes()
	_, _ = v.Any(), v.String()
	if l, err := v.List(); err == nil {
		for l.More() {
			useValue(l.Value())
		}
	}
	if p, err := v.Map(); err == nil {
		for p.Next() {
			_, _ = p.Key(), p.KeyBytes()
			useValue(p.Value())
		}
	}
}

// FuzzCheck says of any octets that they can be relied on only if they can.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"\x91\x01", "\x92\xa1p\xc4\x01x", "\x81\xa1k\xc7\x02\x43\x01\x05", "\xdd\x00\x00\x00\x01\xdf\x00\x00\x00\x00", "\xd6\x43\x01\x92\x01\x02"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body := []byte(s)
		if codec.Check(body, codec.DefaultLimits) == nil {
			useValue(codec.ArgsMessage(body, 1).At(0))
			if port, m, err := codec.Split(body); err == nil && port != nil {
				_, _ = m.Tag()
				_ = m.Drop(1)
				_ = useMessage(t, body)
			}
		}
	})
}
