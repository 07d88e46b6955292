package rcfile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func edited(t *testing.T, source, key, content string) string {
	t.Helper()
	f, err := Parse("rc", source)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetTop(key, content); err != nil {
		t.Fatalf("%q: %v", source, err)
	}
	return f.Text()
}

func TestSettingAKeyFitsTheStyleOfTheFile(t *testing.T) {
	for source, want := range map[string]string{
		"":                "{\n   \"k\" : \"v\"\n}\n",
		"# mine":          "# mine\n{\n   \"k\" : \"v\"\n}\n",
		"# mine\n":        "# mine\n{\n   \"k\" : \"v\"\n}\n",
		"{}":              "{\n   \"k\" : \"v\"\n}",
		"{\n}\n":          "{\n   \"k\" : \"v\"\n}\n",
		"{ # c\n  }":      "{ # c\n     \"k\" : \"v\"\n  }",
		`{"a":1}`:         `{"a":1, "k" : "v"}`,
		`{"a":1 }`:        `{"a":1, "k" : "v" }`,
		`{"a":1,}`:        `{"a":1, "k" : "v"}`,
		"{\"a\":[\n1]}":   "{\"a\":[\n1], \"k\" : \"v\"}",
		`{"k":{"x":1}}`:   `{"k":"v"}`,
		`{"k":"v"}`:       `{"k":"v"}`,
		`{"p":{"k":1}}`:   `{"p":{"k":1}, "k" : "v"}`,
		"{\n\t\"a\":1\n}": "{\n\t\"a\":1,\n\t\"k\" : \"v\"\n}",
		"{\n \"a\":1, # one\n \"b\":2 # two\n}\n":         "{\n \"a\":1, # one\n \"b\":2, # two\n \"k\" : \"v\"\n}\n",
		"{\n \"a\":1, # one\n # more\n}\n":                "{\n \"a\":1, # one\n # more\n \"k\" : \"v\"\n}\n",
		"{\r\n  \"a\":1\r\n}\r\n":                         "{\r\n  \"a\":1,\r\n  \"k\" : \"v\"\r\n}\r\n",
		"{ \"a\":1,\n  \"k\": [1, # gone\n 2], # kept\n}": "{ \"a\":1,\n  \"k\": \"v\", # kept\n}",
		"{ \"a\":1\n}": "{ \"a\":1,\n   \"k\" : \"v\"\n}",
	} {
		if got := edited(t, source, "k", "v"); got != want {
			t.Errorf("%q:\n got %q\nwant %q", source, got, want)
		}
	}
}

func TestWhatIsSetIsEscaped(t *testing.T) {
	content := "-----BEGIN\n\"\\\té<&>\x00"
	if got := edited(t, `{"k":0}`, "k", content); got != `{"k":"-----BEGIN\n\"\\\té<&>\u0000"}` {
		t.Error(got)
	}
}

func TestWhatIsNotUTF8IsNotSet(t *testing.T) {
	f, _ := Parse("rc", "{}")
	if f.SetTop("k", "\xff") == nil || f.SetTop("\xff", "v") == nil || f.Text() != "{}" {
		t.Errorf("%q", f.Text())
	}
}

// source draws a configuration with comments and white space everywhere.
func source(t *rapid.T) string {
	gap := rapid.StringMatching(`([ \t\r\n]|#[a-z{}",]{0,5}\n){0,3}`)
	var b strings.Builder
	write := func(s string) { b.WriteString(gap.Draw(t, "gap") + s) }
	var value func(depth int)
	value = func(depth int) {
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0 && depth > 0 && depth < 3:
			write("[")
			for i, n := 0, rapid.IntRange(0, 3).Draw(t, "n"); i < n; i++ {
				value(depth + 1)
				if i < n-1 || rapid.Bool().Draw(t, "comma") {
					write(",")
				}
			}
			write("]")
		case kind <= 1 && depth < 3 || depth == 0:
			write("{")
			keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "k", "é"}), 0, 4, rapid.ID[string]).Draw(t, "keys")
			for i, key := range keys {
				write(quote(key))
				write(":")
				value(depth + 1)
				if i < len(keys)-1 || rapid.Bool().Draw(t, "comma") {
					write(",")
				}
			}
			write("}")
		default:
			write(rapid.SampledFrom([]string{"null", "true", "-1.5", `"x#"`, `"\n"`}).Draw(t, "scalar"))
		}
	}
	value(0)
	return b.String() + gap.Draw(t, "end")
}

func comments(text string) (all []string) {
	p := &parser{src: text}
	for p.pos < len(text) {
		switch text[p.pos] {
		case '"':
			p.string()
		case '#':
			start := p.pos
			p.comment()
			all = append(all, text[start:p.pos])
		default:
			p.pos++
		}
	}
	return all
}

func TestSettingAKeyChangesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, err := Parse("rc", source(t))
		if err != nil {
			t.Fatal(err)
		}
		after := *before
		if err := after.SetTop("k", "new"); err != nil {
			t.Fatalf("%q: %v", before.text, err)
		}
		if old := before.root.find("k"); old != nil {
			want := before.text[:old.value.start] + `"new"` + before.text[old.value.end:]
			if after.text != want {
				t.Fatalf("replaced:\n got %q\nwant %q", after.text, want)
			}
			return
		}
		checkInserted(t, before, &after)
	})
}

// checkInserted: taking the new member out again, the rest is as it was, save the
// comma that separates it.
func checkInserted(t *rapid.T, before, after *File) {
	if n := len(after.root.members); n != len(before.root.members)+1 || after.root.members[n-1].value.text != "new" {
		t.Fatalf("%q isn't %q with a new last member", after.text, before.text)
	}
	for i, old := range before.root.members {
		now := after.root.members[i]
		if now.key != old.key || after.text[now.value.start:now.value.end] != before.text[old.value.start:old.value.end] {
			t.Fatalf("member %q changed from %q to %q", old.key, before.text, after.text)
		}
	}
	was, is := comments(before.text), comments(after.text)
	if strings.Join(was, "\n") != strings.Join(is, "\n") {
		t.Fatalf("comments changed from %q to %q", was, is)
	}
	if !contains(after.text, before.text) {
		t.Fatalf("octets of %q are missing in %q", before.text, after.text)
	}
	extra := len(after.text) - len(before.text)
	if limit := len(`, "k" : "new"`) + len("\r\n") + len(indent) + len(before.text); extra > limit {
		t.Fatalf("%d octets more", extra)
	}
}

// contains says whether all of part is in text, in its order, perhaps with other
// octets between.
func contains(text, part string) bool {
	for i := range len(text) {
		if part != "" && text[i] == part[0] {
			part = part[1:]
		}
	}
	return part == ""
}

func TestSettingTwiceIsSettingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, err := Parse("rc", source(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range []string{"one", "two", "one"} {
			if err := f.SetTop("k", content); err != nil {
				t.Fatal(err)
			}
		}
		once := f.Text()
		if err := f.SetTop("k", "one"); err != nil || f.Text() != once {
			t.Fatalf("%q became %q (%v)", once, f.Text(), err)
		}
	})
}
