package aemp_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/aemp-go/aemp"
	gnet   = "github.com/panjf2000/gnet/v2"
	msgp   = "github.com/tinylib/msgp"
	pool   = "github.com/valyala/bytebufferpool"
)

// floors are the packages from the top of the house to the bottom. A package
// imports only what is on floors under its own.
var floors = [][]string{
	{"cmd/aemp-node", "docs/example/adder", "docs/example/job"},
	{""}, // package aemp
	{"global"},
	{"global/merge"},
	{"seeds"},
	{"kernel"},
	{"kernel/dataconn"},
	{"kernel/link"},
	{"codec", "loop/reactor", "loop/sim", "loop/looptest", "internal/history", "internal/simrun", "internal/scenario", "internal/rcfile", "internal/testcert"},
	{"internal/hostport"},
	{"loop", "internal/spin", "internal/index"},
}

// visitors are packages that only these import, save for tests.
var visitors = map[string][]string{
	"loop/reactor":      {""},
	"loop/sim":          {},
	"loop/looptest":     {},
	"internal/history":  {},
	"internal/simrun":   {},
	"internal/scenario": {},
	"internal/rcfile":   {"", "cmd/aemp-node"},
	"internal/testcert": {},
}

// goPackage is what the go command says of one.
type goPackage struct {
	ImportPath                         string
	Standard                           bool
	Dir                                string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

func (p *goPackage) own() bool {
	return p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")
}

// name is the package's folder.
func (p *goPackage) name() string { return inModule(p.ImportPath) }

func inModule(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func goList(t *testing.T, args ...string) []*goPackage {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Dir,GoFiles,Imports,TestImports,XTestImports"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, &stderr)
	}
	var all []*goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(goPackage)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func floorOf(name string) int {
	return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, name) })
}

func TestImportsGoDownwardsOnly(t *testing.T) {
	for _, p := range goList(t, "./...") {
		at := floorOf(p.name())
		if at < 0 {
			t.Errorf("%s is on no floor: give it its place in this test", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			if path != module && !strings.HasPrefix(path, module+"/") {
				continue
			}
			name := inModule(path)
			if floorOf(name) <= at {
				t.Errorf("%s imports %s, which is not under it", p.ImportPath, path)
			}
			if by, some := visitors[name]; some && !slices.Contains(by, p.name()) {
				t.Errorf("%s imports %s, which is not for it", p.ImportPath, path)
			}
		}
	}
}

func TestOnlyTheReactorImportsGnet(t *testing.T) {
	found := false
	for _, p := range goList(t, "./...") {
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			switch {
			case !strings.HasPrefix(path, gnet):
			case p.name() == "loop/reactor":
				found = true
			default:
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
	if !found {
		t.Error("not even loop/reactor does: this test looks for the wrong thing")
	}
}

// A program that imports aemp gets nothing but gnet, msgp, bytebufferpool, what
// these need themselves, golang.org/x and the standard library.
func TestTheCoreDependsOnLittle(t *testing.T) {
	allowed := map[string]bool{}
	for _, p := range goList(t, "-deps", gnet+"/pkg/netpoll", gnet+"/pkg/socket", gnet+"/pkg/errors", msgp+"/msgp", pool) {
		allowed[p.ImportPath] = true
	}
	ours := []string{gnet + "/", msgp + "/", pool, "golang.org/x/"}
	for _, p := range goList(t, "-deps", ".") {
		switch {
		case p.Standard:
		case p.own():
			for _, path := range p.Imports {
				direct := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
				if external(path) && !slices.ContainsFunc(ours, direct) {
					t.Errorf("%s imports %s", p.ImportPath, path)
				}
			}
		case !allowed[p.ImportPath] && !strings.HasPrefix(p.ImportPath, "golang.org/x/"):
			t.Errorf("the core depends on %s", p.ImportPath)
		}
	}
}

// external says whether a path is of another module.
func external(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".") && path != module && !strings.HasPrefix(path, module+"/")
}

// given are packages for which clock, randomness and goroutines come from the loop,
// so that the simulator can decide them.
var given = []string{"codec", "kernel", "kernel/link", "kernel/dataconn", "seeds", "global", "global/merge", "internal/hostport", "internal/index"}

func TestTimeRandomnessAndGoroutinesAreGivenNotTaken(t *testing.T) {
	taken := map[string][]string{
		"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	}
	for _, p := range goList(t, "./...") {
		if !slices.Contains(given, p.name()) {
			continue
		}
		for _, path := range p.Imports {
			if path == "crypto/rand" || path == "math/rand" || path == "math/rand/v2" {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
		for _, name := range p.GoFiles {
			inspect(t, filepath.Join(p.Dir, name), taken)
		}
	}
}

func inspect(t *testing.T, path string, taken map[string][]string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine", set.Position(n.Pos()))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(taken[x.Name], n.Sel.Name) {
				t.Errorf("%s: %s.%s", set.Position(n.Pos()), x.Name, n.Sel.Name)
			}
		}
		return true
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range goList(t, "./...") {
		documented := false
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || file.Doc != nil
		}
		if !documented {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func TestEveryFloorIsInhabitedOrPlanned(t *testing.T) {
	planned := []string{"global", "kernel/dataconn"}
	for _, name := range slices.Concat(floors...) {
		if files, _ := filepath.Glob(filepath.Join(".", name, "*.go")); len(files) == 0 && !slices.Contains(planned, name) {
			t.Errorf("there is no package %s any more", name)
		}
	}
}
