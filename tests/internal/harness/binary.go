package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Oracle finds redis-server ($REDIS_BIN, else in the PATH).
func Oracle() (string, error) {
	if p := os.Getenv("REDIS_BIN"); p != "" {
		return p, nil
	}
	p, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("redis-server is not installed (run tests/setup.sh): %w", err)
	}
	return p, nil
}

// Subject gives the binary under test. Without $KRING_BIN it is built afresh, once
// per test process, so that a stale binary is never tested.
var Subject = sync.OnceValues(func() (string, error) {
	if p := os.Getenv("KRING_BIN"); p != "" {
		return filepath.Abs(p)
	}
	root, err := ProductRoot()
	if err != nil {
		return "", err
	}
	out := filepath.Join(os.TempDir(), fmt.Sprintf("kring-server-test-%d", os.Getuid()), fmt.Sprint(os.Getpid()))
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", err
	}
	built = out
	bin := filepath.Join(out, "kring-server")
	if err := goBuild(bin, root, "./cmd/kring-server"); err != nil {
		return "", err
	}
	return bin, nil
})

// goBuild builds the program in a package of the module in dir, as make does.
func goBuild(bin, dir, pkg string) error {
	cmd := exec.Command("go", "build", "-o", bin, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s in %s: %w\n%s", pkg, dir, err, msg)
	}
	return nil
}

// built is the directory that Subject made, "" if none.
var built string

// Cleanup removes what Subject built; call it at the end of TestMain.
func Cleanup() {
	if built != "" {
		_ = os.RemoveAll(built)
	}
}

// productModule is the line by which the product's go.mod is told from the tests' own.
const productModule = "module github.com/kringdb/kring\n"

// ProductRoot finds the directory of the product's go.mod, at or above the working
// directory.
func ProductRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains("\n"+string(b), "\n"+productModule) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod of Kring above the working directory")
		}
		dir = up
	}
}

// FromRoot makes an absolute path of one that is relative to the product's root: the
// programs below tests/load run in their own module, whose folder is another one.
func FromRoot(path string) string {
	root, err := ProductRoot()
	if err != nil {
		return path // outside of the source: relative to where the program runs
	}
	return filepath.Join(root, path)
}
