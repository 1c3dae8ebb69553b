package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// goPath finds the files that a page names.
	goPath = regexp.MustCompile(`[a-z0-9_]+(/[a-z0-9_]+)*\.go\b`)
	// quoted finds the names in a page that stand for something in the code.
	quoted = regexp.MustCompile("`([A-Za-z.]+)`")
)

// TestArchitectureLeadsSomewhere: the files that docs/ARCHITECTURE.md names exist, and what its
// table "Where is it?" says is what something in the product is called.
func TestArchitectureLeadsSomewhere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, names := map[string]bool{}, map[string]bool{}
	goFiles(t, func(rel string) {
		for path := "/" + rel; ; { // "exec/run.go" will do for internal/server/exec/run.go
			i := strings.IndexByte(path, '/')
			if i < 0 {
				break
			}
			path = path[i+1:]
			files[path] = true
		}
		if !strings.HasSuffix(rel, "_test.go") && !inTree(rel, "tests") {
			declared(t, rel, names)
		}
	})
	for _, f := range goPath.FindAllString(string(text), -1) {
		if !files[f] {
			t.Errorf("docs/ARCHITECTURE.md names %s, which is not there", f)
		}
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			rows++
			for name := range strings.SplitSeq(m[1], ".") {
				if !names[name] {
					t.Errorf("docs/ARCHITECTURE.md says %s: nothing is called %s", m[1], name)
				}
			}
		}
	}
	if rows < 10 {
		t.Fatalf("only %d names seen in the tables: the search is broken", rows)
	}
}

// declared adds what a file declares: types, fields, methods, functions, variables.
func declared(t *testing.T, rel string, names map[string]bool) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names[f.Name.Name] = true
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			names[n.Name.Name] = true
		case *ast.TypeSpec:
			names[n.Name.Name] = true
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.Field:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		}
		return true
	})
}
