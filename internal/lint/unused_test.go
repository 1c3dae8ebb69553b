package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// offered are the trees whose exported names are for programs that we do not see.
var offered = []string{".", "metrics"}

// called are names that only the standard library and other modules call, through their
// interfaces.
var called = []string{"main", "init", "Network", "Describe", "Collect", "Enabled", "WithGroup", "WithAttrs", "Unwrap", "ClientSessionState", "MarshalText", "UnmarshalText"}

// TestNothingIsUnused finds functions, methods, types, constants and variables of the
// product whose name stands nowhere in the product but in their declaration: what nobody
// uses, and what only tests use, which belongs to the tests. It sees all files, whatever
// they are built for, but goes by names alone; tests/unused (make lint) goes by types, and
// takes exported names and what tests use for used.
func TestNothingIsUnused(t *testing.T) {
	declared, used := map[string]string{}, map[string]int{}
	goFiles(t, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") || inTree(rel, "tests") || inTree(rel, "internal/testcert") || inTree(rel, "internal/cluster/clustertest") {
			return
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join(root, rel), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names := declarations(f)
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && !slices.Contains(names, id) {
				used[id.Name]++
			}
			return true
		})
		for _, id := range names {
			if !ast.IsExported(id.Name) || !slices.Contains(offered, filepath.Dir(rel)) {
				declared[id.Name] = fset.Position(id.Pos()).String()
			}
		}
	})
	if len(declared) < 1000 {
		t.Fatalf("only %d declarations seen: the walk is broken", len(declared))
	}
	for name, at := range declared {
		if used[name] == 0 && name != "_" && !slices.Contains(called, name) {
			t.Errorf("%s: %s is used nowhere but in tests", at, name)
		}
	}
}

// declarations returns the names that a file declares at its top, methods among them.
func declarations(f *ast.File) []*ast.Ident {
	var names []*ast.Ident
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name)
				case *ast.ValueSpec:
					if d.Tok != token.CONST || !counts(d) {
						names = append(names, s.Names...)
					}
				}
			}
		}
	}
	return names
}

// counts tells whether a group of constants counts, by iota: then a member may stand there
// for the sake of the next.
func counts(d *ast.GenDecl) (yes bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "iota" {
			yes = true
		}
		return !yes
	})
	return yes
}
