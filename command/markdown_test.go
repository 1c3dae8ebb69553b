package command

import (
	"os"
	"testing"
)

func TestCompatibilityIsCurrent(t *testing.T) {
	b, err := os.ReadFile("../docs/COMPATIBILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != rigTable().Markdown() {
		t.Error("docs/COMPATIBILITY.md is not what the table says; run make docs")
	}
}
