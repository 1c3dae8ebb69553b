//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// buildWith builds the server with a piece of one of its files replaced, beside the
// source, which stays as it is.
func buildWith(dir, file, old, new string) (bin string, err error) {
	root, err := harness.ProductRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, file)
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if strings.Count(string(b), old) != 1 {
		return "", fmt.Errorf("%q is not once in %s", old, file)
	}
	changed := filepath.Join(dir, "changed.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return "", err
	}
	config := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(b), old, new, 1)), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(config, overlay, 0o600); err != nil {
		return "", err
	}
	bin = filepath.Join(dir, "kring-server")
	cmd := exec.Command("go", "build", "-overlay", config, "-o", bin, "./cmd/kring-server")
	cmd.Dir = root
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build -overlay: %w\n%s", err, msg)
	}
	return bin, nil
}
