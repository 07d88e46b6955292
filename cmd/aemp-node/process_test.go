package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a process may take for what takes no time.
const patience = 30 * time.Second

// binary is this program, adder that of the README, both built by TestMain.
var binary, adder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "aemp-node-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out, err := exec.Command("go", "build", "-o", dir, ".", "../../docs/example/adder").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "building aemp-node: %v\n%s", err, out)
		os.Exit(1)
	}
	binary, adder = filepath.Join(dir, "aemp-node"), filepath.Join(dir, "adder")
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// user is somebody with a home directory and an environment of his own.
type user struct {
	t    *testing.T
	home string
	env  []string
}

func newUser(t *testing.T, env ...string) *user {
	home := t.TempDir()
	env = append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, env...)
	return &user{t, home, env}
}

func (u *user) rcPath() string { return filepath.Join(u.home, ".perl-anyevent-mp") }

// write puts a file into the home directory.
func (u *user) write(name, content string) (path string) {
	u.t.Helper()
	path = filepath.Join(u.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func (u *user) read(path string) string {
	u.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(content)
}

// process is a running aemp-node, killed at the end of the test if it hasn't ended.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout output
	stderr output
	ended  chan struct{}
	err    error // of Wait, once ended
}

// start runs aemp-node with arguments.
func (u *user) start(args ...string) *process { return u.startProgram(binary, args...) }

func (u *user) startProgram(program string, args ...string) *process {
	u.t.Helper()
	p := &process{t: u.t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = u.env, u.home
	p.cmd.Stdout, p.cmd.Stderr = p.stdout.init(), p.stderr.init()
	if err := p.cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		p.stdout.close()
		p.stderr.close()
		close(p.ended)
	}()
	u.t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// finish runs aemp-node to its end.
func (u *user) finish(args ...string) (stdout, stderr string, status int) {
	u.t.Helper()
	p := u.start(args...)
	status = p.wait()
	return p.stdout.String(), p.stderr.String(), status
}

// wait waits for the end.
func (p *process) wait() (status int) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%v doesn't end; stdout:\n%s\nstderr:\n%s", p.cmd.Args, &p.stdout, &p.stderr)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatal(p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// says waits until the process writes something and returns the parenthesized part.
func (p *process) says(o *output, pattern string) string {
	p.t.Helper()
	found, err := o.find(regexp.MustCompile(pattern))
	if err != nil {
		p.t.Fatalf("%v doesn't say %q: %v; stdout:\n%s\nstderr:\n%s", p.cmd.Args, pattern, err, &p.stdout, &p.stderr)
	}
	return found
}

// address waits for a node to say where it listens.
func (p *process) address() string {
	p.t.Helper()
	return p.says(&p.stdout, `listens at (\S+)\n`)
}

// output is what a process has written so far.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	closed  bool
	changed *sync.Cond
}

func (o *output) init() io.Writer {
	o.changed = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed.Broadcast()
	return o.text.Write(b)
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.changed.Broadcast()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) lines() []string {
	var all []string
	for s := bufio.NewScanner(strings.NewReader(o.String())); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

func (o *output) find(pattern *regexp.Regexp) (string, error) {
	late := false
	defer time.AfterFunc(patience, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		late = true
		o.changed.Broadcast()
	}).Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		switch m := pattern.FindStringSubmatch(o.text.String()); {
		case m != nil:
			return m[len(m)-1], nil
		case o.closed:
			return "", errors.New("it has ended")
		case late:
			return "", errors.New("it takes too long")
		}
		o.changed.Wait()
	}
}
