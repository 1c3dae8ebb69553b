package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// runGuest lets a plan run in a virtual machine of its own: this program is its first
// process, the server and the plan are files beside it. The machine has no network and
// no disk; what it prints is all that comes back.
func runGuest(o options, p idlePlan) ([]idleRow, error) {
	if _, err := os.Stat(o.guest); err != nil {
		return nil, err
	}
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kring-guest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	image, err := guestImage(dir, p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), guestTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", guestProcessors,
		"-m", guestMemory, "-nographic", "-nodefaults", "-no-reboot", "-net", "none", "-serial", "stdio",
		"-kernel", o.guest, "-initrd", image, "-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=unstable clocksource=hpet apparmor=0 selinux=0 audit=0 init_on_alloc=0")
	var console bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, os.Stderr
	if o.console {
		cmd.Stdout = io.MultiWriter(&console, os.Stderr)
	}
	err = cmd.Run()
	out := console.Bytes()
	for line := range bytes.Lines(out) {
		_, text, ok := strings.Cut(string(line), guestPrefix)
		if !ok {
			continue
		}
		var rows []idleRow
		if err := json.Unmarshal([]byte(strings.TrimSpace(text)), &rows); err != nil {
			return nil, fmt.Errorf("the guest printed %q: %w", line, err)
		}
		for i := range rows {
			rows[i].Guest = true
			r := rows[i]
			fmt.Fprintf(os.Stderr, "%-10s in the guest, %d connections: %.0f bytes each, %d threads; %d at work: %.0f/s, p99 %.2f ms\n",
				r.Model, r.Connections, r.PerConnection, r.Threads, r.Active, r.PerSecond, r.P99)
		}
		return rows, nil
	}
	return nil, errors.Join(err, fmt.Errorf("the guest printed no results: %q", out[max(0, len(out)-2000):]))
}

// guestImage makes the guest's file system: static programs, and the plan.
func guestImage(dir string, p idlePlan) (string, error) {
	root, err := harness.ProductRoot()
	if err != nil {
		return "", err
	}
	for _, p := range []struct{ name, module, pkg string }{{"init", "tests", "./load/io"}, {"kring-server", ".", "./cmd/kring-server"}} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, p.name), p.pkg)
		cmd.Dir, cmd.Env = filepath.Join(root, p.module), append(os.Environ(), "CGO_ENABLED=0")
		if msg, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build %s: %w\n%s", p.pkg, err, msg)
		}
	}
	plan, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	var image bytes.Buffer
	for _, d := range []string{"proc", "dev", "tmp"} {
		appendFile(&image, d, 0o40755, nil)
	}
	for _, name := range []string{"init", "kring-server"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		appendFile(&image, name, 0o100755, b)
	}
	appendFile(&image, guestPlan, 0o100644, plan)
	appendFile(&image, "TRAILER!!!", 0, nil)
	path := filepath.Join(dir, "image")
	return path, os.WriteFile(path, image.Bytes(), 0o600)
}

// appendFile appends one entry of a cpio archive in the form that Linux unpacks.
func appendFile(b *bytes.Buffer, name string, mode int, data []byte) {
	pad := func() {
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	b.WriteString("070701")
	for _, v := range []int{b.Len(), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0} { // number, mode, ..., lengths
		fmt.Fprintf(b, "%08x", v)
	}
	b.WriteString(name)
	b.WriteByte(0)
	pad()
	b.Write(data)
	pad()
}
