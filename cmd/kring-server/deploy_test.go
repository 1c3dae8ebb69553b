package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/options"
)

// deployDir is what docs/DEPLOY.md tells how to install.
const deployDir = "../../docs/deploy"

func deployed(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(deployDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDeployedCommandLines checks that what the unit and the image start is accepted
// without a warning.
func TestDeployedCommandLines(t *testing.T) {
	file := filepath.Join(deployDir, "kring.conf")
	m := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/kring-server /etc/kring/kring.conf (.*)$`).FindStringSubmatch(deployed(t, "kring.service"))
	if m == nil {
		t.Fatal("no ExecStart")
	}
	unit, err := options.SplitLine(m[1])
	if err != nil {
		t.Fatal(err)
	}
	m = regexp.MustCompile(`(?m)^ENTRYPOINT (.*)$`).FindStringSubmatch(deployed(t, "Dockerfile"))
	var image []string
	if m == nil || json.Unmarshal([]byte(m[1]), &image) != nil || len(image) < 2 {
		t.Fatal("no ENTRYPOINT")
	}
	own := strings.NewReplacer("/var/lib/kring", t.TempDir(), "/data", t.TempDir())
	for _, args := range [][]string{append([]string{file}, unit...), image[1:]} {
		for i := range args {
			args[i] = own.Replace(args[i])
		}
		if _, found := options.Check(args, strings.NewReader("")); len(found) > 0 {
			t.Errorf("%q: %v", args, found)
		}
	}
}

// TestUnit lets systemd look at the unit, where there is one.
func TestUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	path := filepath.Join(t.TempDir(), "kring.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(deployed(t, "kring.service"), "/usr/local/bin/kring-server", "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "verify", path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("kring.service")) {
		t.Errorf("%v\n%s", err, out)
	}
}
