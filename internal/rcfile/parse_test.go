package rcfile

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRelaxedJSONIsRead(t *testing.T) {
	for source, want := range map[string]string{
		`{}`:                                                `{}`,
		`{"a":[1,2,],"b":{"c":null,},}`:                     `{"a":[1,2],"b":{"c":null}}`,
		"# one\n{ # two\r\"a\"#\n:#\n1#\n,}#":               `{"a":1}`,
		"{\"a\":\"x\ty\"}":                                  `{"a":"x\ty"}`,
		"\t\r\n {\"a\":true,\"b\":false}\n":                 `{"a":true,"b":false}`,
		`{"a":[-0,0.5,1e3,1E-2,12E+1]}`:                     `{"a":[-0,0.5,1e3,1E-2,12E+1]}`,
		`{"\"\\\/\b\f\n\r\t":"é\u00e9\u20AC\ud834\udd1e#"}`: `{"\"\\/\b\f\n\r\t":"éé€𝄞#"}`,
		`{"":"\u0000"}`:                                     `{"":"\u0000"}`,
		"{}# Latin-1: \xe9":                                 `{}`,
		"{\"a\":\"\x7f<&>\"}":                               "{\"a\":\"\x7f<&>\"}",
	} {
		root, bad := parse(source)
		if bad != nil {
			t.Errorf("%q: %+v", source, bad)
			continue
		}
		if got := string(appendJSON(nil, root)); got != want {
			t.Errorf("%q: got %s, want %s", source, got, want)
		}
	}
}

func TestASourceWithoutAValueIsEmpty(t *testing.T) {
	for _, source := range []string{"", " \n", "# nothing here"} {
		if root, bad := parse(source); root != nil || bad != nil {
			t.Errorf("%q: %v, %v", source, root, bad)
		}
	}
}

func TestEachMistakeIsNamedWithItsPlace(t *testing.T) {
	deep := strings.Repeat("[", maxDepth)
	for source, want := range map[string]string{
		"[]":                           "rc:1:1: the configuration is a list, not an object",
		"3":                            "rc:1:1: the configuration is a number, not an object",
		`"x"`:                          "rc:1:1: the configuration is a string, not an object",
		"true":                         "rc:1:1: the configuration is a boolean, not an object",
		"null":                         "rc:1:1: the configuration is null, not an object",
		"{} x":                         "rc:1:4: 'x' after the end of the configuration",
		"{,}":                          "rc:1:2: ',' where a key in quotes is expected",
		`{"a":1,,}`:                    "rc:1:8: ',' where a key in quotes is expected",
		`{"a":[,]}`:                    "rc:1:7: ',' where a value is expected",
		`{"a":[1,,2]}`:                 "rc:1:9: ',' where a value is expected",
		`{"a":[1 2]}`:                  "rc:1:9: '2' where a comma or ']' is expected",
		`{"a":1 "b":2}`:                "rc:1:8: '\"' where a comma or '}' is expected",
		`{"a":1`:                       "rc:1:7: the end of the file where a comma or '}' is expected",
		`{"a"`:                         "rc:1:5: the end of the file where the colon after key \"a\" is expected",
		`{"a"=1}`:                      "rc:1:5: '=' where the colon after key \"a\" is expected",
		`{a:1}`:                        "rc:1:2: 'a' where a key in quotes is expected",
		"{\n  \"é\": 1,\n \"é\": 2}":   "rc:3:2: key \"é\" again, it is at 2:3 already",
		"{\n\"é\" é}":                  "rc:2:5: 'é' where the colon after key \"é\" is expected",
		`{"a":01}`:                     "rc:1:6: a number with a leading zero",
		`{"a":-}`:                      "rc:1:7: '}' where a digit is expected",
		`{"a":1.}`:                     "rc:1:8: '}' where a digit is expected",
		`{"a":1e+}`:                    "rc:1:9: '}' where a digit is expected",
		`{"a":+1}`:                     "rc:1:6: '+' where a value is expected",
		`{"a":nil}`:                    "rc:1:6: 'n' where a value is expected",
		`{"a":'x'}`:                    "rc:1:6: '\\'' where a value is expected",
		`{"a":"x}`:                     "rc:1:6: the string isn't closed",
		`{"a":"\x"}`:                   "rc:1:7: unknown escape \\ before 'x'",
		`{"a":"\`:                      "rc:1:7: unknown escape \\ before the end of the file",
		`{"a":"\u12"}`:                 `rc:1:9: "12\"}" where four hexadecimal digits are expected`,
		`{"a":"\u12`:                   `rc:1:9: "12" where four hexadecimal digits are expected`,
		`{"a":"\ud800"}`:               "rc:1:7: half of a surrogate pair",
		`{"a":"\ud800\u0041"}`:         "rc:1:7: half of a surrogate pair",
		`{"a":"\udc00"}`:               "rc:1:7: half of a surrogate pair",
		"{\"a\":\"\xe9\"}":             "rc:1:7: octet 0xe9 is not UTF-8",
		"{\"a\":\"\xed\xa0\x80\"}":     "rc:1:7: octet 0xed is not UTF-8",
		"{\"a\":\"x\n\"}":              "rc:1:8: '\\n' in a string",
		"\ufeff{}":                     "rc:1:1: '\\ufeff' where a value is expected",
		"\f{}":                         "rc:1:1: '\\f' where a value is expected",
		"{}\x00":                       "rc:1:3: '\\x00' after the end of the configuration",
		`{"a":` + deep:                 "rc:1:69: nested deeper than 64 levels",
		strings.Repeat(" ", maxSize+1): "rc: the file is larger than 1048576 octets",
	} {
		_, err := Parse("rc", source)
		if err == nil || err.Error() != want {
			t.Errorf("%.40q:\n got %v\nwant %s", source, err, want)
		}
	}
}

func TestAsDeepAsAllowedIsRead(t *testing.T) {
	source := `{"a":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`
	if _, bad := parse(source); bad != nil {
		t.Error(bad)
	}
}

func FuzzParse(f *testing.F) {
	for _, source := range []string{
		"", "#", "{}", `{"a":[1,2,],}`, "{\"a\" # c\n:\"\\ud834\\udd1e\"}", `{"profile":{"a":{"parent":"b"},"b":{"parent":"a"}}}`,
		`{"monitor_timeout":"1e400","seeds":"a,b","secure":[],"cert":null,"eval":"1"}`,
	} {
		f.Add(source, "a", "x\n")
	}
	f.Fuzz(func(t *testing.T, source, key, content string) {
		file, err := Parse("rc", source)
		if err != nil {
			return
		}
		if file.root != nil && !json.Valid(appendJSON(nil, file.root)) {
			t.Fatalf("%q: what was read isn't JSON: %s", source, appendJSON(nil, file.root))
		}
		_, _ = file.Profile(key)
		if file.SetTop(key, content) == nil {
			if m := file.root.find(key); m == nil || m.value.text != content {
				t.Fatalf("%q: %q isn't %q in %q", source, key, content, file.Text())
			}
		}
	})
}
