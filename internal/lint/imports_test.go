package lint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kringdb/kring"

// allowed lists, per package tree, which of our own packages and which foreign
// modules its non-test files may import (docs/ARCHITECTURE.md). A more specific
// tree comes before the one that contains it; "." is the package at the root alone. "std"
// needs no mention.
//
// What stands below internal/server has its rules in rooms.
var allowed = append(roomRules(), []rule{
	{".", []string{"internal/server", "internal/door", "internal", "resp"}, nil},
	{"metrics", []string{".", "internal/server/metrics", "internal/door"}, []string{"github.com/prometheus/client_golang"}},
	{"cmd", []string{"internal", "internal/server", "persistence", "internal/server/metrics", "internal/cluster/etcd"}, []string{"golang.org/x/sys"}},
	{"internal/cluster/etcd", []string{"internal"}, []string{"go.etcd.io/etcd", "go.uber.org/zap", "google.golang.org/grpc"}},
	{"internal/door", []string{"internal/server/admin"}, nil},
	{"internal/server", []string{"command", "store", "resp", "netio", "persistence", "internal"}, []string{"golang.org/x/sys"}},
	{"command/image", []string{"store", "persistence/rdb", "internal"}, nil},
	{"command", []string{"store", "resp", "persistence/rdb", "internal"}, nil},
	{"store/arena", []string{"internal"}, []string{"golang.org/x/sys"}},
	{"store", []string{"store", "internal"}, []string{"github.com/cespare/xxhash/v2"}},
	{"resp", []string{"internal"}, nil},
	{"netio", []string{"internal"}, []string{"golang.org/x/sys", "github.com/tidwall/redcon"}},
	{"persistence", []string{"resp", "internal"}, nil},
	{"internal", []string{"internal"}, nil},
	{"tests/etcd", nil, []string{"go.etcd.io/etcd/server/v3/embed"}},
	{"tests/load/lua", []string{"tests", "internal/lua"}, nil},
	{"tests", []string{".", "metrics", "tests", "internal/testcert"}, []string{"*"}},
}...)

// rule is what the packages of a tree may import.
type rule struct {
	tree    string
	own     []string
	foreign []string
}

// wired are packages that only whoever names them may import: what contains them does not
// stand for them.
var wired = []string{"internal/server/metrics", "internal/cluster/etcd"}

// root is the top of the tree, seen from this package's folder.
const root = "../.."

// goFiles calls f with the path, relative to the root, of every Go file of the product
// and of its tests, which are a module of their own.
func goFiles(t *testing.T, f func(rel string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(rel, ".go") {
			f(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func inTree(pkg, tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") }

func TestImports(t *testing.T) {
	seen := 0
	goFiles(t, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") {
			return
		}
		seen++
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		dir := path.Dir(rel)
		for _, imp := range f.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden(dir, p); why != "" {
				t.Errorf("%s imports %s: %s", rel, p, why)
			}
		}
	})
	if seen < 50 {
		t.Fatalf("only %d files seen: the walk is broken", seen)
	}
}

// forbidden says why a package in folder dir may not import p, or "".
func forbidden(dir, p string) string {
	own, isOwn := strings.CutPrefix(p, module+"/")
	if p == module {
		own, isOwn = ".", true
	}
	for _, rule := range allowed {
		switch {
		case !inTree(dir, rule.tree):
			continue
		case isOwn && !mayUse(dir, own, rule.own):
			return "not among the packages that " + rule.tree + " may use"
		case isOwn, !strings.Contains(strings.SplitN(p, "/", 2)[0], "."): // ours, or the standard library's
			return ""
		}
		for _, m := range rule.foreign {
			if m == "*" || inTree(p, m) {
				return ""
			}
		}
		return "not among the modules that " + rule.tree + " may use"
	}
	return "no rule covers " + dir
}

// mayUse tells whether a package in dir, whose rule names trees, may use our package own.
func mayUse(dir, own string, trees []string) bool {
	if slices.Contains(wired, own) {
		return slices.Contains(trees, own)
	}
	return inTree(own, dir) || slices.ContainsFunc(trees, func(tree string) bool {
		if tree == "internal" && (inTree(own, "internal/server") || own == "internal/door") {
			return false // the tools below internal are for everybody, the server is not
		}
		return inTree(own, tree)
	})
}

// TestForbidden holds the rules that matter most, so that the table
// above cannot lose them by accident.
func TestForbidden(t *testing.T) {
	for _, c := range []struct{ dir, imp string }{
		{"netio", module + "/resp"},
		{"resp", module + "/store"},
		{"store", module + "/resp"},
		{"store/dict", module + "/resp"},
		{"command", module + "/netio"},
		{"command", module + "/internal/server"},
		{"command", module + "/persistence"},
		{"persistence", module + "/store"},
		{"tests/compat", module + "/store"},
		{"resp", "github.com/tidwall/redcon"},
		{"internal/server/admit", module + "/internal/server"},
		{"internal/server/admit", module + "/netio"},
		{"internal/server", "github.com/tidwall/redcon"},
		{"internal/server", module},
		{"internal/server", module + "/internal/server/metrics"},
		{".", module + "/internal/server/metrics"},
		{".", module + "/metrics"},
		{"internal/server", module + "/internal/cluster/etcd"},
		{"internal/cluster", "go.etcd.io/etcd/client/v3"},
		{"internal/server/options", module + "/internal/server"},
		{"internal/server/options", module + "/internal/server/acl"},
		{"internal/server/admit", module + "/internal/server/exec"},
		{"internal/server/admin", "github.com/prometheus/client_golang/prometheus"},
		{"internal/server/keeper", module + "/internal/server/exec"},
	} {
		if forbidden(c.dir, c.imp) == "" {
			t.Errorf("%s may import %s", c.dir, c.imp)
		}
	}
	for _, c := range []struct{ dir, imp string }{
		{"internal/server", module + "/netio"}, {"command", module + "/store/entry"}, {"netio", "golang.org/x/sys/unix"}, {"store", "fmt"},
		{"internal/server", module + "/internal/server/acl"}, {"internal/server/admit", module + "/internal/server/acl"},
		{"internal/server/exec", module + "/internal/server/admit"}, {"internal/server/metrics", module + "/internal/server/admin"},
	} {
		if why := forbidden(c.dir, c.imp); why != "" {
			t.Errorf("%s may not import %s: %s", c.dir, c.imp, why)
		}
	}
}
