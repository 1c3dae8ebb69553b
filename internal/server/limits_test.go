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
	if got := *s.Limits.Load(); got != want {
		t.Errorf("by default %+v, want %+v", got, want)
	}
	sizes, limits := 0, reflect.TypeFor[command.Limits]()
	for i := range limits.NumField() {
		if limits.Field(i).Type.Kind() == reflect.Int { // MaxBulkBytes is the parser's, too, DumpCompress a switch
			sizes++
		}
	}
	if len(sizeOptions) != sizes {
		t.Errorf("%d options for %d sizes", len(sizeOptions), sizes)
	}
	for i, row := range sizeOptions {
		size := 100 + i
		if row.name == "rdb-version" { // few are known
			size = 12
		}
		c.want("OK", "CONFIG", "SET", row.name, strconv.Itoa(size))
		*row.size(&want) = size
		if got := *s.Limits.Load(); got != want {
			t.Errorf("after CONFIG SET %s: %+v, want %+v", row.name, got, want)
		}
	}
}
