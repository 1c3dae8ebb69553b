package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	maxFileLines = 800
	maxFuncLines = 70
)

// TestRooms holds the caps on files and functions.
func TestRooms(t *testing.T) {
	goFiles(t, func(rel string) {
		src, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(src, []byte("\n")); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: it holds more than one subject", rel, n, maxFileLines)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, rel, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(rel, "_test.go") {
				continue
			}
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, more than %d", rel, fn.Name.Name, n, maxFuncLines)
			}
		}
	})
}

// TestDocs wants a doc.go with a package comment in every package of the product.
func TestDocs(t *testing.T) {
	seen := map[string]bool{}
	goFiles(t, func(rel string) {
		dir := path.Dir(rel)
		if strings.HasSuffix(rel, "_test.go") || inTree(dir, "cmd") || inTree(dir, "tests") || seen[dir] {
			return
		}
		seen[dir] = true
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, dir, "doc.go"), nil, parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			return
		}
		if f.Doc == nil || !strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name+" ") {
			t.Errorf("%s/doc.go does not say what package %s is", dir, f.Name.Name)
		}
	})
}

// openWork matches what must not be left in the code.
var openWork = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

func TestNothingLeftOpen(t *testing.T) {
	goFiles(t, func(rel string) {
		src, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		if m := openWork.Find(src); m != nil {
			t.Errorf("%s has a %s left in it", rel, m)
		}
	})
}
