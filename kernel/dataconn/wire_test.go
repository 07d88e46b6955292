package dataconn

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
)

func message(t testing.TB, args ...any) codec.Message {
	t.Helper()
	m, err := codec.MessageOf(args...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnAnnouncementIsReadAsItWasMeant(t *testing.T) {
	a, err := ReadAnnouncement(message(t, "b@a", "a#port", 1.5, "Pkg::f", 1, "x").Args())
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != "b@a" || a.Port != "a#port" || a.Timeout != 1500*time.Millisecond || a.Function != "Pkg::f" || a.Args.String() != `[1, "x"]` {
		t.Errorf("%+v", a)
	}
}

func TestTimeoutsOfOthersAreBroughtIntoBounds(t *testing.T) {
	for _, c := range []struct {
		seconds any
		want    time.Duration
	}{
		{5, 5 * time.Second}, {"2.5", 2500 * time.Millisecond}, {[]byte("3"), 3 * time.Second}, {0, 0}, {-1, 0},
		{1e300, MaxTimeout}, {math.Inf(1), MaxTimeout}, {math.Inf(-1), 0}, {uint64(math.MaxUint64), MaxTimeout},
	} {
		a, err := ReadAnnouncement(message(t, "1@a", "a#p", c.seconds, "f").Args())
		if err != nil || a.Timeout != c.want {
			t.Errorf("%v: %v, %v; want %v", c.seconds, a.Timeout, err, c.want)
		}
	}
}

func TestWhatIsNoAnnouncementIsRefused(t *testing.T) {
	long := strings.Repeat("x", MaxID+1)
	for name, c := range map[string]struct {
		args []any
		want error // nil: an *codec.AccessError
	}{
		"nothing":               {nil, nil},
		"no function":           {[]any{"1@a", "a#p", 5}, nil},
		"ID of another kind":    {[]any{[]any{}, "a#p", 5, "f"}, nil},
		"port of another kind":  {[]any{"1@a", nil, 5, "f"}, nil},
		"time of another kind":  {[]any{"1@a", "a#p", "soon", "f"}, nil},
		"not a number":          {[]any{"1@a", "a#p", math.NaN(), "f"}, errTimeout},
		"an empty ID":           {[]any{"", "a#p", 5, "f"}, errID},
		"a long ID":             {[]any{long, "a#p", 5, "f"}, errID},
		"an ID for two":         {[]any{"1;x=y", "a#p", 5, "f"}, errID},
		"an ID with a line end": {[]any{"1\n2", "a#p", 5, "f"}, errID},
		"an empty function":     {[]any{"1@a", "a#p", 5, ""}, errFunction},
		"a long function":       {[]any{"1@a", "a#p", 5, long}, errFunction},
		"an empty port":         {[]any{"1@a", "", 5, "f"}, errFunction},
		"a long port":           {[]any{"1@a", long, 5, "f"}, errFunction},
		"much":                  {[]any{"1@a", "a#p", 5, "f", make([]byte, MaxAnnounced)}, errTooLarge},
	} {
		_, err := ReadAnnouncement(message(t, c.args...).Args())
		var access *codec.AccessError
		if err == nil || c.want != nil && err != c.want || c.want == nil && !errors.As(err, &access) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestARequestToDialBackIsRead(t *testing.T) {
	if id, node, err := ReadDialBack(message(t, "1@a", "a").Args()); id != "1@a" || node != "a" || err != nil {
		t.Errorf("%q, %q, %v", id, node, err)
	}
	for _, args := range [][]any{nil, {"1@a"}, {nil, "a"}, {"1@a", nil}, {"", "a"}, {"1\r", "a"}} {
		if _, _, err := ReadDialBack(message(t, args...).Args()); err == nil {
			t.Errorf("%v is read", args)
		}
	}
}

func TestIDsFitIntoAGreeting(t *testing.T) {
	if id := NewID(7, "R", "a/b-c.d:e"); id != "7-R@a/b-c.d:e" || !validID(id) {
		t.Errorf("%q", id)
	}
}

func TestErrorsSayWhoAndWhy(t *testing.T) {
	cause := errors.New("cause")
	for want, e := range map[string]*Error{
		"b: unable to establish connection within 1.5 seconds":      {Kind: TimedOut, Node: "b", After: 1500 * time.Millisecond},
		"b: unable to establish connection within 5 seconds: cause": {Kind: TimedOut, Node: "b", After: 5 * time.Second, Err: cause},
		"b: no listeners found":                                     {Kind: NoListeners, Node: "b"},
		"b: unable to connect (2 addresses tried): cause":           {Kind: Unreachable, Node: "b", Tried: 2, Err: cause},
		"b: no link: cause":                                         {Kind: LinkLost, Node: "b", Err: cause},
		"b: refused: cause":                                         {Kind: Refused, Node: "b", Err: cause},
		"b: this connection is awaited already":                     {Kind: InUse, Node: "b"},
		"b: too many connections are awaited":                       {Kind: TooMany, Node: "b"},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
		if errors.Is(e, cause) != (e.Err != nil) {
			t.Errorf("%v hides its cause", e)
		}
		if errors.Is(e, timeout{}) != (e.Kind == TimedOut) {
			t.Errorf("%v is a time-out, or none", e)
		}
	}
}

type timeout struct{}

func (timeout) Error() string { return "time" }
func (timeout) Timeout() bool { return true }

// FuzzRequests: whatever another node says in the two requests, what is taken of it is within the
// limits, and its ID can be said in a greeting as it is.
func FuzzRequests(f *testing.F) {
	for _, args := range [][]any{
		{"b@a", "a#port", 5, "pkg::receiver", 1},
		{"1-R@a", "a#p", 1.5, "f", map[string]any{"x": []any{nil, true, "ü"}}},
		{[]byte("1@a"), "a#p", "7", "f"},
		{"1@a", "a#p", math.NaN(), "f"},
		{"1@a", "a"},
		{"1;2", "a"},
	} {
		m := message(f, args...)
		f.Add(m.Raw(), uint8(m.Len()))
	}
	f.Fuzz(func(t *testing.T, raw []byte, n uint8) {
		frame, err := codec.AppendFrameMessage(nil, "", codec.ArgsMessage(raw, int(n)), codec.DefaultLimits)
		if err != nil {
			return
		}
		d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits) // the gate
		d.Feed(frame)
		_, body, ok, err := d.Next()
		if err != nil || !ok {
			return
		}
		_, m, err := codec.Split(body)
		if err != nil {
			return
		}
		check := func(id string) {
			g := codec.Greeting{Protocol: "aemp-" + Purpose, Version: codec.Version, Node: "a", Keys: []codec.Key{{Name: Key, Value: id, HasValue: true}}}
			back, err := codec.ParseGreeting(g.Append(nil))
			if got, _ := back.Key(Key); err != nil || got != id {
				t.Errorf("ID %q is %q in a greeting, %v", id, got, err)
			}
		}
		if a, err := ReadAnnouncement(m.Args()); err == nil {
			if a.Timeout < 0 || a.Timeout > MaxTimeout || len(a.Args.Raw()) > MaxAnnounced || a.Function == "" {
				t.Errorf("%+v", a)
			}
			check(a.ID)
		}
		if id, _, err := ReadDialBack(m.Args()); err == nil {
			check(id)
		}
	})
}
