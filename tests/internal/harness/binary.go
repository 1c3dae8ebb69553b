package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	out := filepath.Join(os.TempDir(), fmt.Sprintf("kring-server-test-%d", os.Getuid()), fmt.Sprint(os.Getpid()))
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", err
	}
	built = out
	bin := filepath.Join(out, "kring-server")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/kring-server")
	cmd.Dir = root
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/kring-server: %w\n%s", err, msg)
	}
	return bin, nil
})

// built is the directory that Subject made, "" if none.
var built string

// Cleanup removes what Subject built; call it at the end of TestMain.
func Cleanup() {
	if built != "" {
		_ = os.RemoveAll(built)
	}
}

// ModuleRoot finds the directory of go.mod above the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = up
	}
}
