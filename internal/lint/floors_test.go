package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// executorFiles are the files of package server that will be the room exec: they use nothing
// that another file of the package declares, and nobody else gives methods to their types. So
// the arrows between them and the rest run down only, as those between rooms do.
var executorFiles = []string{
	"admission.go", "blocked.go", "callqueue.go", "env.go", "execlimits.go", "executor.go", "expire.go", "gates.go", "invoke.go", "journal.go",
	"lookahead.go", "maxmemory.go", "meeting.go", "multi.go", "notify.go", "observers.go", "run.go", "scripts.go", "serve.go", "shown.go",
	"watch.go", "wholetx.go", "within.go", "worker.go",
}

// TestExecutorsKnowNothingAbove holds that.
func TestExecutorsKnowNothingAbove(t *testing.T) {
	dir := filepath.Join(root, "internal/server")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]string{} // by name: the file
	files := map[string]*ast.File{}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
		for what := range f.Scope.Objects {
			declared[what] = name
		}
	}
	arrows := 0
	for name, f := range files {
		below := slices.Contains(executorFiles, name)
		for _, id := range f.Unresolved { // in this file, that is: another declares it, or it is an import
			where, ok := declared[id.Name]
			if !ok || where == name {
				continue
			}
			arrows++
			if below && !slices.Contains(executorFiles, where) {
				t.Errorf("%s uses %s of %s, which is above it", name, id.Name, where)
			}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && !below {
				if where := declared[receiver(fn.Recv.List[0].Type)]; slices.Contains(executorFiles, where) {
					t.Errorf("%s has the method %s of a type of %s, which is below it", name, fn.Name.Name, where)
				}
			}
		}
	}
	for _, name := range executorFiles {
		if files[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	if arrows < 100 {
		t.Errorf("only %d arrows seen: the walk is broken", arrows)
	}
}
