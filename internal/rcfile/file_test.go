package rcfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFileIsWhereTheEnvironmentSays(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	t.Setenv("PERL_ANYEVENT_MP_RC", "")
	if got := Path(); got != "/home/me/.perl-anyevent-mp" {
		t.Errorf("at home: %q", got)
	}
	t.Setenv("PERL_ANYEVENT_MP_RC", "/etc/aemp")
	if got := Path(); got != "/etc/aemp" {
		t.Errorf("elsewhere: %q", got)
	}
	t.Setenv("PERL_ANYEVENT_MP_RC", "")
	t.Setenv("HOME", "")
	if got := Path(); got != "" {
		t.Errorf("without a home: %q", got)
	}
}

// edit reads, sets a key, and writes.
func edit(t *testing.T, path string) {
	t.Helper()
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetTop("k", "v"); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteAtomic(); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != content {
		t.Errorf("got %q, %v; want %q", got, err, content)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != mode {
		t.Errorf("mode %v, want %v (%v)", info.Mode(), mode, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".aemp-rc-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAMissingFileIsCreatedForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rc")
	edit(t, path)
	check(t, path, "{\n   \"k\" : \"v\"\n}\n", 0o600)
}

func TestRightsOfOthersAreTakenAndNoneAreGiven(t *testing.T) {
	for before, after := range map[os.FileMode]os.FileMode{0o664: 0o600, 0o444: 0o400, 0o600: 0o600} {
		path := filepath.Join(t.TempDir(), "rc")
		if err := os.WriteFile(path, []byte("{}"), before); err != nil {
			t.Fatal(err)
		}
		edit(t, path)
		check(t, path, "{\n   \"k\" : \"v\"\n}", after)
	}
}

func TestASymbolicLinkStaysAndItsTargetIsReplaced(t *testing.T) {
	for name, target := range map[string]string{"relative": "real/rc", "absolute": ""} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
			t.Fatal(err)
		}
		if target == "" {
			target = filepath.Join(dir, "real/rc")
		}
		for link, to := range map[string]string{"rc": "hop", "hop": target} {
			if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		// The first time the link leads nowhere yet, the second time to the file.
		edit(t, filepath.Join(dir, "rc"))
		edit(t, filepath.Join(dir, "rc"))
		check(t, filepath.Join(dir, "real/rc"), "{\n   \"k\" : \"v\"\n}\n", 0o600)
		if to, err := os.Readlink(filepath.Join(dir, "rc")); err != nil || to != "hop" {
			t.Errorf("%s: the link is %q, %v", name, to, err)
		}
	}
}

func TestACircleOfSymbolicLinksIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rc")
	if err := os.Symlink("rc", path); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil {
		t.Error("read")
	}
	f, _ := Parse(path, "{}")
	if err := f.WriteAtomic(); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("written: %v", err)
	}
}

func TestAFileThatSomebodyElseChangedIsNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rc")
	missing, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path)
	if err := missing.WriteAtomic(); !errors.Is(err, ErrChanged) {
		t.Errorf("created meanwhile: %v", err)
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{ }"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteAtomic(); !errors.Is(err, ErrChanged) {
		t.Errorf("changed meanwhile: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteAtomic(); !errors.Is(err, ErrChanged) {
		t.Errorf("removed meanwhile: %v", err)
	}
}

func TestAFileCanBeWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rc")
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		if err := errors.Join(f.SetTop("k", content), f.WriteAtomic()); err != nil {
			t.Fatal(err)
		}
	}
	check(t, path, "{\n   \"k\" : \"two\"\n}\n", 0o600)
}

func TestWhatCannotBeReadOrWrittenIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil {
		t.Error("a directory was read")
	}
	f, _ := Parse(dir, "{}")
	if err := f.WriteAtomic(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory was written: %v", err)
	}
	f, _ = Parse(filepath.Join(dir, "no", "rc"), "{}")
	if err := f.WriteAtomic(); err == nil {
		t.Error("written where there is no directory")
	}
	path := filepath.Join(dir, "rc")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var bad *Error
	if _, err := Read(path); !errors.As(err, &bad) || bad.Path != path || bad.Line != 1 || bad.Column != 2 {
		t.Errorf("nonsense was read: %v", err)
	}
	if err := os.Truncate(path, maxSize+10); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a huge file: %v", err)
	}
}
