// Command embedsize measures what package kring adds to the binary of a program: it builds
// small programs with and without it.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// A program is what its main does, and what it imports for that.
type program struct {
	name    string
	imports []string
	body    string
}

const (
	hello  = "fmt.Println(\"hello\")\n"
	web    = "_ = http.ListenAndServe(\"\", nil)\n"
	server = "srv, err := kring.Start(context.Background(), kring.Options{})\nfmt.Println(srv, err)\n"
	scrape = "http.Handle(\"/metrics\", metrics.Handler(srv))\n"
)

var (
	kring   = []string{"context", "github.com/kringdb/kring"}
	metrics = "github.com/kringdb/kring/metrics"

	// programs come in pairs: without and with.
	programs = []program{
		{"a program that prints a line", []string{"fmt"}, hello},
		{"the same with package kring", append(kring, "fmt"), server},
		{"a program that serves HTTP", []string{"fmt", "net/http"}, hello + web},
		{"the same with package kring", append(kring, "fmt", "net/http"), server + web},
		{"the same with package kring/metrics too", append(kring, "fmt", "net/http", metrics), server + scrape + web},
	}
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	root, err := harness.ProductRoot()
	if err != nil {
		return err
	}
	// Below the tests' module, so that its go.mod holds.
	dir, err := os.MkdirTemp(filepath.Join(root, "tests"), "embedsize")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%-42s %12s %16s\n", "MB", "go build", "-ldflags '-s -w'")
	for i, p := range programs {
		var sizes [2]float64
		for j, flags := range []string{"", "-s -w"} {
			if sizes[j], err = p.build(filepath.Join(dir, fmt.Sprint("p", i)), flags); err != nil {
				return err
			}
		}
		fmt.Printf("%-42s %12.1f %16.1f\n", p.name, sizes[0], sizes[1])
	}
	return nil
}

// build builds the program in dir and returns the size of its binary in MB.
func (p *program) build(dir, flags string) (float64, error) {
	var src strings.Builder
	src.WriteString("package main\n")
	for _, imp := range p.imports {
		fmt.Fprintf(&src, "import %q\n", imp)
	}
	fmt.Fprintf(&src, "func main() {\n%s}\n", p.body)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(src.String()), 0o600); err != nil {
		return 0, err
	}
	bin := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", flags, "-o", bin, ".")
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, msg)
	}
	st, err := os.Stat(bin)
	if err != nil {
		return 0, err
	}
	return float64(st.Size()) / 1e6, nil
}
