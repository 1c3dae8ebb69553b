package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines = 800
	maxFuncLines = 70
)

// longFunctions may be longer than maxFuncLines, each for its reason.
var longFunctions = map[string]string{
	"internal/lua/machine.go execute": "the instructions of a machine share the processor's registers only within one function (docs/adr/0019-our-own-lua.md)",
}

// TestSizes holds the caps on files and functions.
func TestSizes(t *testing.T) {
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
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFuncLines && longFunctions[rel+" "+fn.Name.Name] == "" {
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

// mixedCase finds a comment that begins with a name in mixed case, which is no word of English.
var mixedCase = regexp.MustCompile(`^// ([A-Za-z]*[a-z][A-Z]\w*) `)

// TestCommentsNameWhatTheyStandOn: a comment that begins with a name begins with that of the function, the type or
// the value that it stands on. What is renamed keeps its old comment only too easily.
func TestCommentsNameWhatTheyStandOn(t *testing.T) {
	seen := 0
	goFiles(t, func(rel string) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		check := func(doc *ast.CommentGroup, names ...*ast.Ident) {
			if doc == nil {
				return
			}
			m := mixedCase.FindStringSubmatch(doc.List[0].Text)
			if m == nil {
				return
			}
			seen++
			if !slices.ContainsFunc(names, func(n *ast.Ident) bool { return n.Name == m[1] }) {
				t.Errorf("%s: the comment on %v begins with %s", rel, names, m[1])
			}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				check(d.Doc, d.Name)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						check(spec.Doc, spec.Name)
					case *ast.ValueSpec:
						check(spec.Doc, spec.Names...)
					}
				}
			}
		}
	})
	if seen < 500 {
		t.Errorf("only %d such comments seen: the walk is broken", seen)
	}
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

// elsewhere matches pages that are no part of the project: who reads the code has to find
// what it refers to.
var elsewhere = regexp.MustCompile(`\b(DES` + `IGN|REF` + `ERENCE)\.md\b|\bdesign page\b`)

// TestNothingCitesOtherPages reads code and documents.
func TestNothingCitesOtherPages(t *testing.T) {
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && p != root || d.Name() == "node_modules" || d.Name() == "bin" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(p) {
		case ".go", ".md", ".sh", ".s", ".js", ".py", ".rb", ".php", ".c", ".html", ".mod", "":
		default:
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if m := elsewhere.Find(text); m != nil {
			t.Errorf("%s cites %q, which is not here", p, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hasty matches deadlines below a minute.
var hasty = regexp.MustCompile(`(time\.Now\(\)\.Add|\bAfter|WithTimeout\([^()]*(\(\))?,)\(? ?[1-5]?\d ?\* ?time\.Second\)`)

// TestTestsArePatient: what must happen may take a minute, on machines however slow.
func TestTestsArePatient(t *testing.T) {
	goFiles(t, func(rel string) {
		if !strings.HasSuffix(rel, "_test.go") {
			return
		}
		src, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		if m := hasty.Find(src); m != nil {
			t.Errorf("%s gives something %q only: less than a minute", rel, m)
		}
	})
}
