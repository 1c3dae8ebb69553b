package repl

import (
	"os"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}
