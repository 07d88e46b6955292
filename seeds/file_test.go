package seeds

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func fileOf(t *testing.T, text string) File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seeds")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return File(path)
}

func TestAFileHasSeedsInLinesAndListsWithComments(t *testing.T) {
	f := fileOf(t, "# east\r\n\n db1.example , db2:5000# two\n[::1]:4041\n5000\n   # none\n*,10.0.0.1")
	got, err := f.Seeds(t.Context())
	if want := []string{"db1.example", "db2:5000", "[::1]:4041", "5000", "*", "10.0.0.1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAMistakeInAFileIsReportedWithItsLine(t *testing.T) {
	long := strings.Repeat("1,", MaxSeeds) + "\n"
	for text, want := range map[string]string{
		"a\n\n::1\n":            `:3: seed "::1": an IPv6 address needs brackets, as in [::1]:4040`,
		"a # b\nb:x":            `:2: seed "b:x": port "x" is not a number`,
		"srv:_aemp._tcp.x":      `:1: seed "srv:_aemp._tcp.x": port "_aemp._tcp.x" is not a number`,
		"a\x00b":                `:1: seed "a\x00b": '\x00' in a host name`,
		"\xff":                  `:1: seed "\xff": '�' in a host name`,
		"\n" + long + "a\nb":    ":3: more than 256 seeds",
		"[::1":                  `:1: seed "[::1": the bracket isn't closed`,
		"a;b\n":                 `:1: seed "a;b": ';' in a host name`,
		"10.0.0.1:70000 # high": `:1: seed "10.0.0.1:70000": port 70000 is above 65535`,
	} {
		f := fileOf(t, text)
		_, err := f.Seeds(t.Context())
		var bad *FileError
		if !errors.As(err, &bad) || bad.Path != string(f) || err.Error() != string(f)+want {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, []byte(strings.Repeat("#\n", MaxFile/2)+"a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:           "not a regular file",
		pipe:          "not a regular file",
		dir + "/none": "no such file or directory",
		large:         fmt.Sprintf("longer than %d octets", MaxFile),
	} {
		if _, err := File(path).Seeds(t.Context()); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, text := range []string{"a\nb:1, [::1]:4040 # c\r\n", "#", "4040\n*\n\n,", "a:b", "\xff\x00", "[", "srv:_a._b.c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := File("f").parse(text)
		var bad *FileError
		switch {
		case errors.As(err, &bad):
			if bad.Line < 1 || bad.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%q: %v", text, err)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		default:
			if _, err := Parse(list); err != nil {
				t.Errorf("%q was read as %q: %v", text, list, err)
			}
		}
	})
}
