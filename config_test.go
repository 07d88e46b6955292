package aemp

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/seeds"
)

func ExampleConfig_Validate() {
	c := Config{
		Node:           "web server",
		Seeds:          []string{"db1.example.org", "::1"},
		Secret:         "tiSvDi1Pu5Xb2gYqkNGmMlfwEJoUZCHR",
		MonitorTimeout: 30,
	}
	fmt.Println(c.Validate())
	// Output:
	// config: Node "web server": node ID "web server": ' ' isn't allowed, only letters, digits and _ - . : /
	// config: Seeds ["db1.example.org" "::1"]: seed "::1": an IPv6 address needs brackets, as in [::1]:4040
	// config: MonitorTimeout 30ns: below 10ms; a plain number is nanoseconds
	// config: MonitorTimeout 30ns: below ConnectInterval, which is 2s
}

func TestSensibleConfigurationsAreValid(t *testing.T) {
	cert := string(testcert.New(t))
	for name, c := range map[string]Config{
		"nothing":         {},
		"a node":          {Node: "aemp/%n/%u", Binds: []string{"*:4040,[::1]:4040"}, Secret: "é"},
		"no listener":     {Binds: []string{""}},
		"a network":       {Seeds: []string{"4040,a"}, Secret: "x", AuthOffer: []string{"hmac_sha3_512"}},
		"TLS":             {Seeds: []string{"a"}, Cert: cert, AuthAccept: []string{"tlsexp", "hmac_sha3_512"}},
		"a transition":    {Cert: cert, Secret: "x", AllowClear: true},
		"other values":    {Framings: []string{"json", "msgpack"}, Loops: 2, LogLevel: "info+2"},
		"seeds elsewhere": {Seeds: []string{"srv:_aemp._tcp.example.org,file:/etc/aemp/seeds"}, Secret: "x"},
		"its own source":  {SeedSources: []SeedSource{&seeds.SRV{Name: "a"}}, Secret: "x"},
		"behind a wall":   {Announce: []string{"gate.example.org,192.0.2.1:4041", "[2001:db8::1]:*"}},
		"hidden":          {Announce: []string{}, Binds: []string{}},
		"a small part":    {Quotas: Quotas{Keys: 10}, Global: true},
		"a short time":    {MonitorTimeout: time.Second, ConnectInterval: time.Second},
		"its own file":    {RC: "/etc/aemp"},
		"without files":   {NoRC: true, Force: true},
	} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachMistakeNamesItsFieldAndValue(t *testing.T) {
	cert := string(testcert.New(t))
	for want, c := range map[string]Config{
		`Node "a#b": node ID`:             {Node: "a#b"},
		`Node "%x"`:                       {Node: "%x"},
		`Binds ["a:b"]`:                   {Binds: []string{"a:b"}},
		`Seeds ["a:70000"]`:               {Seeds: []string{"a:70000"}, Secret: "x"},
		`Seeds ["a"]: they let nobody in`: {Seeds: []string{"a"}},
		`Seeds ["file:a"]: seed "file:a": the path of a file begins with`: {Seeds: []string{"file:a"}, Secret: "x"},
		`Seeds ["file:/a"]: they let nobody in`:                           {Seeds: []string{"file:/a"}},
		`SeedSources: seed "file:/a": each source needs a name`:           {Seeds: []string{"file:/a"}, SeedSources: []SeedSource{seeds.File("/a")}, Secret: "x"},
		`Announce ["a:b"]: announce "a:b": port "b" is not a number`:      {Announce: []string{"a:b"}},
		`Announce ["a"]: nobody would be there: Binds has no listener`:    {Announce: []string{"a"}, Binds: []string{""}},
		`Secret: not a text of characters up to U+00FF`:                   {Secret: "€"},
		`Secret: not a text of`:                                           {Secret: "\xff"},
		`Cert: identity: not PEM`:                                         {Cert: "/etc/cert.pem"},
		`AllowClear true: without TLS`:                                    {AllowClear: true, Cert: cert},
		`AuthOffer "md5": no such method`:                                 {AuthOffer: []string{"md5"}, Secret: "x"},
		`AuthAccept ["tlsexp"]: no method for which`:                      {AuthAccept: []string{"tlsexp"}, Secret: "x"},
		`AuthOffer []: no method for which`:                               {AuthOffer: []string{}, Secret: "x"},
		`Framings "xml": no such framing`:                                 {Framings: []string{"xml"}},
		`Framings "cbor": listed twice`:                                   {Framings: []string{"cbor", "cbor"}},
		`Framings []: no framing is left`:                                 {Framings: []string{}},
		`Quotas {Families:0 Keys:-1 Octets:0}: a quota can't be negative`: {Quotas: Quotas{Keys: -1}},
		`MonitorTimeout -1s: below 10ms`:                                  {MonitorTimeout: -time.Second},
		`ConnectInterval 2ns: below 10ms`:                                 {ConnectInterval: 2},
		`MonitorTimeout 1s: below ConnectInterval, which is 2s`:           {MonitorTimeout: time.Second},
		`Loops -1: not between 0 and 1024`:                                {Loops: -1},
		`Loops 1025: not between`:                                         {Loops: 1025},
		`LogLevel "loud"`:                                                 {LogLevel: "loud"},
		`RC "x": NoRC says`:                                               {RC: "x", NoRC: true},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), "config: "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
		var bad *ConfigError
		if !errors.As(err, &bad) || bad.Field != strings.FieldsFunc(want, func(r rune) bool { return r == ' ' || r == ':' })[0] {
			t.Errorf("%v: got %+v", err, bad)
		}
	}
}

func TestAllMistakesAreReportedWithTheirCauses(t *testing.T) {
	c := Config{Node: "#", Binds: []string{":"}, Seeds: []string{":"}, Secret: "€hush", Loops: -1}
	err := c.Validate()
	var node *kernel.NodeIDError
	var bind *kernel.BindError
	var seed *seeds.Error
	if !errors.As(err, &node) || !errors.As(err, &bind) || !errors.As(err, &seed) {
		t.Errorf("causes are missing in %v", err)
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("the secret is told: %v", err)
	}
	if strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("not five mistakes: %v", err)
	}
}

func TestASecretIsOneOctetForEachCharacter(t *testing.T) {
	octets, err := secretOctets("aé\x00ÿ")
	if err != nil || string(octets) != "a\xe9\x00\xff" {
		t.Errorf("%q, %v", octets, err)
	}
}

// withFile makes a configuration file the one of the environment.
func withFile(t *testing.T, content string) string {
	t.Helper()
	path := t.TempDir() + "/rc"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PERL_ANYEVENT_MP_RC", path)
	return path
}

func effective(t *testing.T, c Config) Config {
	t.Helper()
	e, warnings, err := c.Effective()
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	return e
}

func TestDefaultsAreFilledIn(t *testing.T) {
	withFile(t, "")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	e := effective(t, Config{})
	if e.Profile != host || e.Node != host+"/" || !slices.Equal(e.Binds, []string{"*"}) || e.Seeds != nil {
		t.Errorf("%+v", e)
	}
	if e.MonitorTimeout != 30*time.Second || e.ConnectInterval != 2*time.Second || e.Loops < 1 || e.Logger == nil {
		t.Errorf("%+v", e)
	}
	if e := effective(t, Config{Binds: []string{}}); e.Binds == nil || len(e.Binds) != 0 {
		t.Errorf("no listeners became %q", e.Binds)
	}
}

const fileOfAll = `{
	"nodeid": "f", "secret": "f", "seeds": ["f"], "binds": "x", "announce": "f,g", "secure": true, "monitor_timeout": 5,
	"connect_interval": 1, "framing_format": ["json", "storable", "cbor"], "auth_offer": ["hmac_sha3_512"],
	"auth_accept": ["cleartext", "hmac_sha3_512"], "log": "warn", "autocork": 1, "nodelay": 1,
}`

var programOfAll = Config{
	Node: "p", Secret: "p", Seeds: []string{"p"}, Binds: []string{"127.0.0.1"}, Announce: []string{}, MonitorTimeout: 7 * time.Second,
	ConnectInterval: 3 * time.Second, Framings: []string{"msgpack"}, AuthOffer: []string{"cleartext"},
	AuthAccept: []string{"cleartext"}, LogLevel: "debug",
}

// show is what a file can set.
func show(c Config) string {
	return fmt.Sprintln(c.Node, c.Secret, c.Seeds, c.Binds, c.Announce, c.Secure, c.MonitorTimeout, c.ConnectInterval,
		c.Framings, c.AuthOffer, c.AuthAccept, c.LogLevel)
}

func TestTheFileOverridesTheProgram(t *testing.T) {
	withFile(t, fileOfAll)
	want := "f f [f] [x] [f g] true 5s 1s [json cbor] [hmac_sha3_512] [cleartext hmac_sha3_512] warn\n"
	for name, c := range map[string]Config{"given": programOfAll, "not given": {}, "forced, not given": {Force: true}} {
		if got := show(effective(t, c)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestTheProgramOverridesTheFileByForce(t *testing.T) {
	withFile(t, fileOfAll)
	forced := programOfAll
	forced.Force, forced.Secure = true, true
	if got, want := show(effective(t, forced)), show(forced); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestWithoutTheFileOnlyTheProgramCounts(t *testing.T) {
	withFile(t, "nonsense")
	c := programOfAll
	c.NoRC = true
	if got, want := show(effective(t, c)), show(c); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestAnEffectiveConfigurationIsItsOwnEffect(t *testing.T) {
	withFile(t, fileOfAll)
	once := effective(t, programOfAll)
	withFile(t, "nonsense")
	twice := effective(t, once)
	if show(once) != show(twice) || once.Loops != twice.Loops || once.Logger != twice.Logger {
		t.Errorf("%+v became %+v", once, twice)
	}
}

func TestTheProfileDecidesAndNamesTheNode(t *testing.T) {
	withFile(t, `{"profile":{"db":{"secure":1},"worker":{"nodeid":"w/%n/"}},"monitor_timeout":9}`)
	db := effective(t, Config{Profile: "db"})
	if db.Node != "db/" || !db.Secure || db.MonitorTimeout != 9*time.Second {
		t.Errorf("%+v", db)
	}
	if worker := effective(t, Config{Profile: "worker"}); worker.Node != "w/%n/" || worker.Secure {
		t.Errorf("%+v", worker)
	}
}

func TestWhatIsIgnoredInTheFileIsReported(t *testing.T) {
	path := withFile(t, `{"colour":"red","services":["Pkg::"]}`)
	c := Config{Profile: "typo"}
	_, warnings, err := c.Effective()
	want := fmt.Sprintf(`[%[1]s:1:2: unknown key "colour", ignored %[1]s: services are Perl modules, ignored %[1]s: there is no profile "typo"]`, path)
	if err != nil || fmt.Sprint(warnings) != want {
		t.Errorf("got %v, %v\nwant %s", warnings, err, want)
	}
}

func TestTheFileOfTheProgramMustExist(t *testing.T) {
	path := withFile(t, `{"nodeid":"env"}`)
	other := t.TempDir() + "/rc"
	c := Config{RC: other}
	if _, _, err := c.Effective(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing one: %v", err)
	}
	if err := os.WriteFile(other, []byte(`{"nodeid":"other"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := effective(t, c); e.Node != "other" {
		t.Errorf("the other one: %+v", e)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if e := effective(t, Config{Node: "mine"}); e.Node != "mine" {
		t.Errorf("none in the environment: %+v", e)
	}
	t.Setenv("PERL_ANYEVENT_MP_RC", "")
	t.Setenv("HOME", "")
	if e := effective(t, Config{Node: "mine"}); e.Node != "mine" {
		t.Errorf("no home: %+v", e)
	}
}

func TestAMistakeInTheFileIsAnError(t *testing.T) {
	for content, want := range map[string]string{
		`{`:                                "rc:1:2: the end of the file",
		`{"eval":"1"}`:                     "rc:1:2: eval is Perl text",
		`{"seeds":"::1"}`:                  `config: Seeds ["::1"]`,
		`{"framing_format":["storable"]}`:  `config: Framings []`,
		`{"profile":{"x":{"parent":"y"}}}`: `the parent of profile "x", "y", doesn't exist`,
	} {
		withFile(t, content)
		c := Config{Profile: "x"}
		if _, _, err := c.Effective(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", content, err, want)
		}
	}
}

func TestALogLevelMakesALoggerOnlyWhereThereIsNone(t *testing.T) {
	withFile(t, "")
	quiet := effective(t, Config{LogLevel: "error"})
	if quiet.Logger.Enabled(t.Context(), 4) || !quiet.Logger.Enabled(t.Context(), 8) {
		t.Error("the level doesn't count")
	}
	if again := effective(t, Config{LogLevel: "debug", Logger: quiet.Logger}); again.Logger != quiet.Logger {
		t.Error("the program's logger was replaced")
	}
}

func TestAFileThatIsNotToBeReadIsNotIgnoredSilently(t *testing.T) {
	c := Config{RC: "x", NoRC: true}
	var wrong *ConfigError
	if _, _, err := c.Effective(); !errors.As(err, &wrong) || wrong.Field != "RC" {
		t.Errorf("got %v", err)
	}
}
