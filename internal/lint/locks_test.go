package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLocksAreWritten compares docs/LOCKS.md with the mutexes in the product: each has its
// name, as `type.field`, in the column "lock" of a table, and no table names one that does
// not exist. Where two packages have the same, `package.type.field` tells them apart.
func TestLocksAreWritten(t *testing.T) {
	found := map[string][]string{} // by short name: where
	goFiles(t, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") || inTree(rel, "tests") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range mutexes(f) {
			found[name] = append(found[name], f.Name.Name+" "+rel)
		}
	})
	if len(found) < 20 {
		t.Fatalf("only %d mutexes seen: the walk is broken", len(found))
	}
	written := writtenLocks(t)
	for name, places := range found {
		for _, place := range places {
			pkg, file, _ := strings.Cut(place, " ")
			if len(places) > 1 || !written[name] {
				if !written[pkg+"."+name] {
					t.Errorf("docs/LOCKS.md does not name `%s` or `%s.%s` of %s", name, pkg, name, file)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		_, short, qualified := strings.Cut(name, ".")
		if found[name] == nil && !(qualified && slices.ContainsFunc(found[short], func(place string) bool {
			return strings.HasPrefix(place, strings.TrimSuffix(name, "."+short)+" ")
		})) {
			t.Errorf("docs/LOCKS.md names `%s`, which is no mutex of the product", name)
		}
	}
}

var lockName = regexp.MustCompile("`([A-Za-z]+(?:\\.[A-Za-z]+){0,2})`")

// writtenLocks returns the names in the columns "lock" of the tables of docs/LOCKS.md.
func writtenLocks(t *testing.T) map[string]bool {
	text, err := os.ReadFile(filepath.Join(root, "docs/LOCKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	names, column := map[string]bool{}, -1
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		for i, c := range cells {
			if strings.TrimSpace(c) == "lock" {
				column = i
			}
		}
		if !strings.HasPrefix(line, "|") || column < 0 || column >= len(cells) {
			continue
		}
		for _, m := range lockName.FindAllStringSubmatch(cells[column], -1) {
			names[m[1]] = true
		}
	}
	return names
}

// mutexes returns the names of the mutexes that a file's types and variables hold.
func mutexes(f *ast.File) []string {
	var names []string
	for _, d := range f.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, mutexesWithin(spec.Name.Name, spec.Type)...)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names = append(names, mutexesWithin(n.Name, spec.Type)...)
				}
			}
		}
	}
	return names
}

// mutexesWithin returns the names of the mutexes in a value of a type that is called name.
func mutexesWithin(name string, typ ast.Expr) []string {
	switch typ := typ.(type) {
	case *ast.ArrayType:
		return mutexesWithin(name, typ.Elt)
	case *ast.StarExpr:
		return mutexesWithin(name, typ.X)
	case *ast.SelectorExpr:
		if x, ok := typ.X.(*ast.Ident); ok && x.Name == "sync" && (typ.Sel.Name == "Mutex" || typ.Sel.Name == "RWMutex") {
			return []string{name}
		}
	case *ast.StructType:
		var names []string
		for _, field := range typ.Fields.List {
			if len(field.Names) == 0 { // embedded: the struct is the lock
				names = append(names, mutexesWithin(name, field.Type)...)
			}
			for _, n := range field.Names {
				names = append(names, mutexesWithin(name+"."+n.Name, field.Type)...)
			}
		}
		return names
	}
	return nil
}
