package lint

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// embedded are the foreign modules that a program gets that imports package kring, all of
// them: what it does not need it shall not have to trust, build and carry along.
var embedded = []string{"github.com/cespare/xxhash/v2", "github.com/tidwall/btree", "github.com/tidwall/match", "github.com/tidwall/redcon", "golang.org/x/sys"}

// TestEmbeddedDependencies: package kring needs redcon (with the two modules that it
// imports), x/sys, xxhash and the standard library.
func TestEmbeddedDependencies(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	got = slices.DeleteFunc(slices.Compact(got), func(m string) bool { return m == module })
	if !slices.Equal(got, embedded) {
		t.Errorf("package kring needs %q, not %q", got, embedded)
	}
}
