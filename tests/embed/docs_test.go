package embed

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentedCode: the Go code of the pages about embedding is that of the examples,
// which are compiled and run.
func TestDocumentedCode(t *testing.T) {
	examples := ""
	for _, path := range []string{"example_test.go", "miniredis_test.go"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples += squeeze(string(b))
	}
	for _, path := range []string{"../../docs/EMBEDDING.md", "../../docs/MINIREDIS.md", "../../README.md"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, blocks := string(b), 0
		for {
			_, after, found := strings.Cut(text, "\n```go\n")
			if !found {
				break
			}
			code, rest, _ := strings.Cut(after, "\n```")
			text = rest
			if path == "../../README.md" && !strings.Contains(code, "kring.Start") {
				continue // of clients
			}
			blocks++
			if !strings.Contains(examples, squeeze(code)) {
				t.Errorf("%s has code that no example has:\n%s", path, code)
			}
		}
		if blocks == 0 {
			t.Errorf("%s has no code", path)
		}
	}
}

// squeeze takes the white space at the beginning and the end of lines away.
func squeeze(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
