package rcfile

import (
	"os"
	"path/filepath"
)

// Path is where the file is: PERL_ANYEVENT_MP_RC, or .perl-anyevent-mp in the home
// directory. It is empty for a process that has neither.
func Path() string {
	if path := os.Getenv("PERL_ANYEVENT_MP_RC"); path != "" {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".perl-anyevent-mp")
}
