package aemp_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/kernel/link"
)

// documents are what the tests of this file read.
func documents(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatal("no documents", err)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		if _, err := os.Stat(name); err == nil {
			docs = append(docs, name)
		}
	}
	return docs
}

// lines of a file, without white space around them.
func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return trimmed(string(text))
}

func trimmed(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// Every block of Go in a document is a run of lines of a compiled file; a line "// …"
// in it leaves some out.
func TestGoCodeInTheDocumentsIsCompiled(t *testing.T) {
	var compiled [][]string
	for _, pattern := range []string{"*.go", "docs/example/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			compiled = append(compiled, lines(t, file))
		}
	}
	for _, doc := range documents(t) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range goBlock.FindAllStringSubmatch(string(text), -1) {
			if !inSomeFile(compiled, pieces(m[1])) {
				t.Errorf("%s: this is in no compiled file:\n%s", doc, m[1])
			}
		}
	}
}

// pieces of a block, between the lines that leave something out.
func pieces(block string) [][]string {
	all := [][]string{nil}
	for _, line := range trimmed(block) {
		if line == "// …" {
			all = append(all, nil)
			continue
		}
		last := len(all) - 1
		all[last] = append(all[last], line)
	}
	return all
}

func inSomeFile(files [][]string, pieces [][]string) bool {
	for _, file := range files {
		if inOrder(file, pieces) {
			return true
		}
	}
	return false
}

// inOrder says whether the pieces are in the file, one after the other.
func inOrder(file []string, pieces [][]string) bool {
	for _, piece := range pieces {
		at := find(file, piece)
		if at < 0 {
			return false
		}
		file = file[at+len(piece):]
	}
	return true
}

func find(file, piece []string) int {
	for at := 0; at+len(piece) <= len(file); at++ {
		if strings.Join(file[at:at+len(piece)], "\n") == strings.Join(piece, "\n") {
			return at
		}
	}
	return -1
}

var reference = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reference.FindAllStringSubmatch(string(text), -1) {
			target := doc
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(doc), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", doc, err)
				continue
			}
			if m[2] != "" && !hasHeading(t, target, m[2][1:]) {
				t.Errorf("%s: %s has no heading %s", doc, target, m[2])
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// hasHeading says whether a document has a heading with that anchor.
func hasHeading(t *testing.T, doc, anchor string) bool {
	for _, line := range lines(t, doc) {
		heading := strings.TrimLeft(line, "#")
		if heading == line {
			continue
		}
		text := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}

var cited = regexp.MustCompile(`\bprotocol (\d(?:\.\d)?)\b`)

// Comments cite the protocol by its sections.
func TestCitedSectionsOfTheProtocolExist(t *testing.T) {
	sections := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (\d(?:\.\d)?)\.? `).FindAllStringSubmatch(strings.Join(lines(t, "docs/protocol.md"), "\n"), -1) {
		sections[m[1]] = true
	}
	citations := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range cited.FindAllStringSubmatch(string(text), -1) {
			citations++
			if !sections[m[1]] {
				t.Errorf("%s cites section %s, which docs/protocol.md doesn't have", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if citations == 0 {
		t.Error("no citation found")
	}
}

// sources are the files of the product: no tests.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.go", "kernel/*.go", "seeds/*.go", "global/*.go", "loop/reactor/*.go", "cmd/aemp-node/*.go", "internal/rcfile/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(text)
		}
	}
	return texts
}

// logged finds the texts of log lines. Those of the state machines are values of actions.
var logged = regexp.MustCompile(`\.(?:Warn|Error|Info|Debug)\("([^"]+)"|slog\.Level\w+, "([^"]+)"|(?:logSeed|accuse)\([^"\n]*"([^"]+)"`)

func TestOperatorsFindEveryLogLineAndReason(t *testing.T) {
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	explained := func(where, what string) {
		found++
		if !strings.Contains(string(text), "`"+what) {
			t.Errorf("%s: docs/operations.md doesn't explain %q", where, what)
		}
	}
	for file, source := range sources(t) {
		for _, m := range logged.FindAllStringSubmatch(source, -1) {
			explained(file, m[1]+m[2]+m[3])
		}
	}
	if found == 0 {
		t.Error("no log line found")
	}
	for kind := link.BadGreeting; kind <= link.CutShort; kind++ {
		explained("handshake", kind.String())
	}
	for kind := link.LostClosed; kind <= link.LostShutdown; kind++ {
		reason, _, _ := strings.Cut((&link.Lost{Kind: kind}).Error(), " 0s")
		explained("link", reason)
	}
}

var settings = regexp.MustCompile(`(?m)^	case "(\w+)":$`)

func TestOperatorsFindEveryKeyOfTheConfigurationFile(t *testing.T) {
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := settings.FindAllStringSubmatch(sources(t)["internal/rcfile/settings.go"], -1)
	if len(keys) == 0 {
		t.Fatal("no key found")
	}
	for _, m := range keys {
		if !strings.Contains(string(text), "`"+m[1]+"`") {
			t.Errorf("docs/operations.md doesn't explain the key %q", m[1])
		}
	}
}
