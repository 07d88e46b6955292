package rcfile

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const family = `{
   "secret": "top", "seeds": "a:1, b:2", "monitor_timeout": 30, "profile_": 1,
   "profile": {
      "child":  { "parent": "middle", "nodeid": "child/%n/", "secure": 1 },
      "middle": { "parent": "old", "seeds": [], "nodeid": "middle", "binds": ["*", 4040] },
      "old":    { "secret": null, "binds": "x", "connect_interval": "2.5", "colour": {"a": [1, "é"],} },
      "lone":   {},
   },
}`

func profile(t *testing.T, source, name string) (Settings, error) {
	t.Helper()
	f, err := Parse("rc", source)
	if err != nil {
		t.Fatal(err)
	}
	return f.Profile(name)
}

func TestAProfileInheritsFromItsParentsAndTheTop(t *testing.T) {
	s, err := profile(t, family, "child")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Found || *s.NodeID != "child/%n/" || !*s.Secure {
		t.Errorf("its own values: %+v", s)
	}
	if s.Seeds == nil || len(s.Seeds) != 0 || !reflect.DeepEqual(s.Binds, []string{"*", "4040"}) {
		t.Errorf("its parent's values: %q %q", s.Seeds, s.Binds)
	}
	if s.Secret != nil || *s.ConnectInterval != 2500*time.Millisecond {
		t.Errorf("its grandparent's values: %v %v", s.Secret, s.ConnectInterval)
	}
	if *s.MonitorTimeout != 30*time.Second || s.Cert != nil {
		t.Errorf("the top's values: %v %v", s.MonitorTimeout, s.Cert)
	}
}

func TestUnknownKeysAreKeptAndReported(t *testing.T) {
	s, err := profile(t, family, "child")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Unknown["colour"]); got != `{"a":[1,"é"]}` || len(s.Unknown) != 2 {
		t.Errorf("%s", s.Unknown)
	}
	want := `[rc:6:76: unknown key "colour", ignored rc:2:65: unknown key "profile_", ignored]`
	if got := fmt.Sprint(s.Warnings); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAProfileThatIsNotInTheFileHasTheTopsValues(t *testing.T) {
	for _, name := range []string{"nobody", ""} {
		s, err := profile(t, family, name)
		if err != nil || s.Found || *s.Secret != "top" || !reflect.DeepEqual(s.Seeds, []string{"a:1", "b:2"}) {
			t.Errorf("%q: %+v, %v", name, s, err)
		}
	}
	if s, err := profile(t, family, "lone"); err != nil || !s.Found || *s.Secret != "top" {
		t.Errorf("an empty profile: %+v, %v", s, err)
	}
	for _, source := range []string{"", "{}", `{"profile":null}`} {
		if s, err := profile(t, source, "x"); err != nil || !reflect.DeepEqual(s, Settings{}) {
			t.Errorf("%q: %+v, %v", source, s, err)
		}
	}
}

func TestEverySettingIsRead(t *testing.T) {
	s, err := profile(t, `{
		"nodeid": 12, "secret": "é", "cert": "PEM", "log": "debug", "seeds": ["a,b", 4040], "binds": "", "announce": ["c"],
		"framing_format": ["cbor", "json"], "auth_offer": "tls_anon, cleartext", "auth_accept": [],
		"services": ["Pkg::", ["Pkg::f", 1,],], "secure": "0", "autocork": true, "nodelay": 0.0,
		"monitor_timeout": " 1e1 ", "connect_interval": 0.25, "eval": ""
	}`, "")
	if err != nil {
		t.Fatal(err)
	}
	str, flag := func(s string) *string { return &s }, func(b bool) *bool { return &b }
	monitor, connect := 10*time.Second, 250*time.Millisecond
	want := Settings{
		NodeID: str("12"), Secret: str("é"), Cert: str("PEM"), Log: str("debug"),
		Seeds: []string{"a", "b", "4040"}, Binds: []string{}, Announce: []string{"c"},
		Framings: []string{"cbor", "json"}, AuthOffer: []string{"tls_anon", "cleartext"}, AuthAccept: []string{},
		Services: []byte(`["Pkg::",["Pkg::f",1]]`),
		Secure:   flag(false), AutoCork: flag(true), NoDelay: flag(false),
		MonitorTimeout: &monitor, ConnectInterval: &connect,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestWhatPerlTakesForTrueIsTrue(t *testing.T) {
	for literal, want := range map[string]bool{
		`true`: true, `1`: true, `"1"`: true, `"no"`: true, `"0.0"`: true, `" "`: true, `-1`: true, `1e-9`: true,
		`false`: false, `0`: false, `"0"`: false, `""`: false, `0.00`: false, `-0`: false,
	} {
		s, err := profile(t, `{"secure":`+literal+`}`, "")
		if err != nil || *s.Secure != want {
			t.Errorf("%s: %v, %v", literal, s.Secure, err)
		}
	}
}

func TestAMistakeInAProfileIsNamedWithItsPlace(t *testing.T) {
	for source, want := range map[string]string{
		`{"profile":[]}`:                    "rc:1:12: profile is a list, not an object",
		`{"profile":{"p":"x"}}`:             `rc:1:17: profile "p" is a string, not an object`,
		`{"profile":{"p":{"parent":[1]}}}`:  `rc:1:27: the parent of profile "p" is a list, not a name`,
		`{"profile":{"p":{"parent":"q"}}}`:  `rc:1:27: the parent of profile "p", "q", doesn't exist`,
		`{"profile":{"p":{"parent":"p"}}}`:  `rc:1:27: parents in a circle: p → p`,
		`{"profile":{"p":{"secret":[]}}}`:   "rc:1:27: secret is a list, not a string",
		`{"profile":{"p":{"secret":true}}}`: "rc:1:27: secret is a boolean, not a string",
		`{"seeds":{}}`:                      "rc:1:10: seeds has an object where a string is expected",
		`{"binds":["a",null]}`:              "rc:1:15: binds has null where a string is expected",
		`{"secure":[]}`:                     "rc:1:11: secure is a list, neither true nor false",
		`{"monitor_timeout":true}`:          "rc:1:20: monitor_timeout is not a number of seconds",
		`{"monitor_timeout":"30s"}`:         "rc:1:20: monitor_timeout is not a number of seconds",
		`{"monitor_timeout":"inf"}`:         "rc:1:20: monitor_timeout is not a number of seconds",
		`{"monitor_timeout":"0x1p4"}`:       "rc:1:20: monitor_timeout is not a number of seconds",
		`{"monitor_timeout":""}`:            "rc:1:20: monitor_timeout is not a number of seconds",
		`{"connect_interval":0}`:            "rc:1:21: connect_interval is 0 seconds, not between 0 and 1e+09",
		`{"connect_interval":"-1"}`:         "rc:1:21: connect_interval is -1 seconds, not between 0 and 1e+09",
		`{"connect_interval":1e10}`:         "rc:1:21: connect_interval is 1e10 seconds, not between 0 and 1e+09",
		`{"connect_interval":1e999}`:        "rc:1:21: connect_interval is 1e999 seconds, not between 0 and 1e+09",
		`{"connect_interval":1e-12}`:        "rc:1:21: connect_interval is 1e-12 seconds, not between 0 and 1e+09",
		`{"eval":"print 1"}`:                "rc:1:2: eval is Perl text, which can't be run here; remove it or use another profile",
		"{\"profile\":{\"p\":{\"parent\":\"q\"},\n\"q\":{\"parent\":\"r\"},\"r\":{\"parent\":\"q\"}}}": "rc:2:34: parents in a circle: q → r → q",
	} {
		_, err := profile(t, source, "p")
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", source, err, want)
		}
	}
}

func TestAMistakeInAnotherProfileDoesNoHarm(t *testing.T) {
	source := strings.Replace(family, `"lone":   {}`, `"lone": {"eval": "1", "secure": {}}`, 1)
	if _, err := profile(t, source, "child"); err != nil {
		t.Error(err)
	}
}
