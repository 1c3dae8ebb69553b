package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	// maxFields is how many fields a struct may have, those of the unnamed structs in it
	// among them.
	maxFields = 30
	// maxMethodFiles is over how many files the methods of a type may be spread.
	maxMethodFiles = 5
)

// size is how large a type is.
type size struct{ fields, files int }

// tooLarge are the types that are larger, and how large they may be. The list may only
// shrink: what stands here is to be split, and what has been split leaves.
var tooLarge = map[string]size{
	"internal/server/options.Options": {120, 0}, // a field per option, see docs/adr/0027-types-of-one-subject.md
}

// TestTypesHaveOneSubject finds types with very many fields, or with methods in very many
// files: whoever wants to know what they do has to read all of them.
func TestTypesHaveOneSubject(t *testing.T) {
	sizes := typeSizes(t)
	if len(sizes) < 100 {
		t.Fatalf("only %d types seen: the walk is broken", len(sizes))
	}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		got, most := sizes[name], tooLarge[name]
		if got.fields > max(maxFields, most.fields) {
			t.Errorf("%s has %d fields, more than %d", name, got.fields, max(maxFields, most.fields))
		}
		if got.files > max(maxMethodFiles, most.files) {
			t.Errorf("%s has methods in %d files, more than %d", name, got.files, max(maxMethodFiles, most.files))
		}
	}
	for name := range tooLarge {
		if got := sizes[name]; got.fields <= maxFields && got.files <= maxMethodFiles {
			t.Errorf("%s is no longer too large: take it off the list", name)
		}
	}
}

// typeSizes measures the types of the product, by package folder and name.
func typeSizes(t *testing.T) map[string]size {
	sizes := map[string]size{}
	goFiles(t, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") || inTree(rel, "tests") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					continue
				}
				if name := path.Dir(rel) + "." + receiver(d.Recv.List[0].Type); !seen[name] {
					seen[name] = true
					sizes[name] = size{sizes[name].fields, sizes[name].files + 1}
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						name := path.Dir(rel) + "." + spec.Name.Name
						sizes[name] = size{countFields(spec.Type), sizes[name].files}
					}
				}
			}
		}
	})
	return sizes
}

// receiver returns the name of a method's type.
func receiver(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return receiver(typ.X)
	case *ast.IndexExpr:
		return receiver(typ.X)
	case *ast.Ident:
		return typ.Name
	}
	return "?"
}

// countFields counts the fields of a struct and of the unnamed structs in it.
func countFields(typ ast.Expr) (n int) {
	st, ok := typ.(*ast.StructType)
	if !ok {
		return 0
	}
	for _, f := range st.Fields.List {
		if inner := countFields(f.Type); inner > 0 {
			n += inner
			continue
		}
		n += max(len(f.Names), 1)
	}
	return n
}
