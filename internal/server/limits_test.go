package server

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/kringdb/kring/command"
)

// TestSizeOptions: every size of command.Limits has its option, whose default is that of
// DefaultLimits, and CONFIG SET reaches it.
func TestSizeOptions(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	want := command.DefaultLimits()
	if got := *s.limits.Load(); got != want {
		t.Errorf("by default %+v, want %+v", got, want)
	}
	sizes := reflect.TypeFor[command.Limits]().NumField() - 1 // MaxBulkBytes is the parser's, too
	if len(sizeOptions) != sizes {
		t.Errorf("%d options for %d sizes", len(sizeOptions), sizes)
	}
	for i, row := range sizeOptions {
		c.want("OK", "CONFIG", "SET", row.name, strconv.Itoa(100+i))
		*row.size(&want) = 100 + i
		if got := *s.limits.Load(); got != want {
			t.Errorf("after CONFIG SET %s: %+v, want %+v", row.name, got, want)
		}
	}
}
