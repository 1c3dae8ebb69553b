package admit

import (
	"testing"
	"time"
)

// TestTerm: a term ends by the clock, lasts longer when it is told so, never shorter, and not again after End.
func TestTerm(t *testing.T) {
	now := time.Now()
	term := NewTerm(now.Add(time.Hour))
	term.Extend(now.Add(time.Minute))
	if term.Lapsed() {
		t.Error("it has ended at once")
	}
	shorter := NewTerm(now.Add(time.Hour))
	if shorter.Extend(now); shorter.Lapsed() {
		t.Error("it is shorter than it was")
	}
	if late := NewTerm(now); !late.Lapsed() {
		t.Error("it lasts beyond its end")
	} else if late.Extend(now.Add(time.Hour)); late.Lapsed() {
		t.Error("it was not extended")
	}
	term.End()
	if term.Extend(now.Add(2 * time.Hour)); !term.Lapsed() {
		t.Error("it has ended, and lasts")
	}
}
