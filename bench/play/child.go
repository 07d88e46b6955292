package play

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrSkip, wrapped with the why, says that a system doesn't have a workload.
var ErrSkip = errors.New("not played")

// Skip is an error for a workload that a system doesn't have.
func Skip(why string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSkip, fmt.Sprintf(why, args...))
}

// Main is the main function of a child program: it plays its role until it is done, and
// ends the process when its standard input ends.
func Main(roles map[string]func(Spec) error) {
	if err := main(roles); err != nil {
		l := Line{Error: err.Error()}
		if errors.Is(err, ErrSkip) {
			l = Line{Skip: err.Error()[len(ErrSkip.Error())+2:]}
		}
		Say(l)
		os.Exit(1)
	}
}

func main(roles map[string]func(Spec) error) error {
	if len(os.Args) != 3 {
		return errors.New("this program is run by the benchmark harness, with a role and a specification")
	}
	if err := keepOutput(); err != nil {
		return err
	}
	role, ok := roles[os.Args[1]]
	if !ok {
		return Skip("has no role %s", os.Args[1])
	}
	var s Spec
	if err := json.Unmarshal([]byte(os.Args[2]), &s); err != nil {
		return fmt.Errorf("specification: %w", err)
	}
	if s.Profile != "" {
		f, err := os.Create(s.Profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(io.Discard).Encode(Line{Result: &Result{}}); err != nil {
		return err // the first line allocates much, which is not to be measured
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		pprof.StopCPUProfile()
		os.Exit(0)
	}()
	if err := role(s); err != nil {
		return err
	}
	select {} // until the harness has no more need of it
}

// keepOutput keeps the standard output for what is said to the harness. What libraries write
// to it goes to standard error from now on.
func keepOutput() error {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	out = os.NewFile(uintptr(fd), "harness")
	return os.NewSyscallError("dup3", unix.Dup3(2, 1, 0))
}

// Note goes with every result that has none of its own: a child sets it at first, to say
// what configuration it has chosen.
var Note string

var (
	saying sync.Mutex
	out    io.Writer = os.Stdout
)

// Say tells the harness.
func Say(l Line) {
	saying.Lock()
	defer saying.Unlock()
	if l.Result != nil && l.Result.Note == "" {
		l.Result.Note = Note
	}
	b, err := json.Marshal(l)
	if err != nil {
		panic(err) // a Line can always be written
	}
	out.Write(append(b, '\n'))
}

// Mallocs counts the objects that the process has allocated so far. It stops the world for some
// microseconds: what package metrics tells without that leaves out up to some thousand objects, which
// are then counted when it collects.
func Mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
