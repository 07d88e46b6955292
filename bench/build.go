package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A program plays a system: it is run with its role and its specification.
type program struct {
	path    string
	version string // of the system, if it says so
}

const checking = time.Minute // a script may take so long to say whether it can be played

// A builder gets programs ready. Each is built once.
type builder struct {
	dir  string // where they go
	done map[string]error
}

// ready returns the system's program, or why it can't be had.
func (b *builder) ready(ctx context.Context, s *system) (program, error) {
	if s.script != "" {
		return checked(ctx, s.script)
	}
	path := filepath.Join(b.dir, strings.ReplaceAll(filepath.Join(s.dir, s.pkg), string(filepath.Separator), "-"))
	err, done := b.done[path]
	if !done {
		err = build(ctx, s.dir, s.pkg, path)
		b.done[path] = err
	}
	if err != nil {
		return program{}, err
	}
	p := program{path: path}
	if s.module != "" {
		p.version, err = builtWith(path, s.module)
	}
	return p, err
}

func build(ctx context.Context, dir, pkg, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build %s in %s: %w: %s", pkg, dir, err, bytes.TrimSpace(out))
	}
	return nil
}

// builtWith tells the version of a module that a program contains.
func builtWith(path, module string) (string, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return d.Version, nil
		}
	}
	return "", fmt.Errorf("it has been built without %s", module)
}

// checked asks a script whether it can be played.
func checked(ctx context.Context, script string) (program, error) {
	path, err := filepath.Abs(script)
	if err != nil {
		return program{}, err
	}
	if _, err := os.Stat(path); err != nil {
		return program{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checking)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "check")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	text := string(bytes.TrimSpace(out))
	if err != nil {
		if text == "" {
			return program{}, fmt.Errorf("%s check: %w", script, err)
		}
		return program{}, errors.New(text)
	}
	first, _, _ := strings.Cut(text, "\n")
	return program{path: path, version: first}, nil
}
