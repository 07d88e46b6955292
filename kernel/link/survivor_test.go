package link

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/internal/scenario"
)

// TestSurvivorScenarios replays testdata/survivor. A line at the margin is an
// event, the indented lines after it are the actions that it causes:
//
//	nodes SELF PEER [yield]         a new Survivor
//	ready CONN [INSTANCE]           an instance means: one of ours
//	verified CONN
//	lost CONN
//	answered | unanswered | attempt-failed | idle
func TestSurvivorScenarios(t *testing.T) { scenario.Replay(t, "testdata/survivor/*.txt", replay) }

// replay runs a scenario and returns it with the actual actions.
func replay(t *testing.T, text string) string {
	var out strings.Builder
	var s *Survivor
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, " ") {
			continue // an action
		}
		fmt.Fprintln(&out, line)
		word := strings.Fields(line)
		if len(word) == 0 || word[0] == "#" {
			continue
		}
		if word[0] == "nodes" {
			s = NewSurvivor(word[1], word[2])
			s.Yield = len(word) > 3
			continue
		}
		for _, a := range event(t, s, word) {
			fmt.Fprintln(&out, " ", describe(a))
		}
	}
	return out.String()
}

func event(t *testing.T, s *Survivor, word []string) []Action {
	var conn int
	var instance string
	if len(word) > 1 {
		if _, err := fmt.Sscan(word[1], &conn); err != nil {
			t.Fatalf("%v: %v", word, err)
		}
	}
	if len(word) > 2 {
		instance = word[2]
	}
	switch word[0] {
	case "ready":
		return s.Ready(conn, instance != "", instance)
	case "verified":
		return s.Verified(conn)
	case "lost":
		return s.Lost(conn)
	case "answered":
		return s.ProbeAnswered()
	case "unanswered":
		return s.ProbeFailed()
	case "attempt-failed":
		s.AttemptFailed()
		return nil
	case "idle":
		return s.Idle()
	}
	t.Fatalf("unknown event %v", word)
	return nil
}

func describe(a Action) string {
	text := fmt.Sprintf("%v %d", a.Do, a.Conn)
	if a.Urgent {
		text += " urgent"
	}
	if a.Reason != nil {
		text += ": " + a.Reason.Error()
	}
	return text
}

func TestASurvivorKnowsItsLinkAndWhenItIsEmpty(t *testing.T) {
	s := NewSurvivor("a", "b")
	if !s.Empty() {
		t.Error("a new one isn't empty")
	}
	s.Ready(1, true, "i")
	if _, ok := s.Link(); ok || s.Empty() {
		t.Error("a candidate is taken for a link or for nothing")
	}
	s.Verified(1)
	if conn, ok := s.Link(); !ok || conn != 1 {
		t.Errorf("link %d, %v", conn, ok)
	}
	s.Lost(1)
	if _, ok := s.Link(); ok || s.Empty() {
		t.Error("while monitors fire there is a link or nothing")
	}
	s.Idle()
	if !s.Empty() {
		t.Error("not empty at the end")
	}
}
