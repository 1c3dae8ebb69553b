package rawclient

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Kind is the RESP type byte of a value ('+', '-', ':', '$', '*', '_', '#', ',',
// '(', '=', '!', '%', '~', '>').
type Kind byte

// The kinds.
const (
	Simple   Kind = '+'
	Error    Kind = '-'
	Int      Kind = ':'
	Bulk     Kind = '$'
	Array    Kind = '*'
	Null     Kind = '_'
	Bool     Kind = '#'
	Double   Kind = ','
	BigNum   Kind = '('
	Verbatim Kind = '='
	BlobErr  Kind = '!'
	Map      Kind = '%'
	Set      Kind = '~'
	Push     Kind = '>'
)

// Value is one reply. RESP2's null bulk and null array keep their kinds, with Nil
// set, so that the two forms compare as different. A map's elements are its keys and
// values in turn.
type Value struct {
	Kind  Kind
	Nil   bool
	Str   string // text of simple, error, bulk, double, big number, bool, verbatim
	Int   int64  // of Int
	Elems []Value
	Attrs []Value // of a preceding attribute, keys and values in turn
}

// IsError tells whether the reply is an error of either form.
func (v Value) IsError() bool { return v.Kind == Error || v.Kind == BlobErr }

// IsNull tells whether the reply is a null of any form.
func (v Value) IsNull() bool { return v.Nil || v.Kind == Null }

// Text gives the value's text: numbers in decimal, aggregates rendered.
func (v Value) Text() string {
	switch v.Kind {
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Array, Map, Set, Push:
		return v.String()
	}
	return v.Str
}

// Equal compares two trees, kinds included.
func (v Value) Equal(o Value) bool {
	if v.Kind != o.Kind || v.Nil != o.Nil || v.Str != o.Str || v.Int != o.Int ||
		len(v.Elems) != len(o.Elems) || len(v.Attrs) != len(o.Attrs) {
		return false
	}
	for i := range v.Elems {
		if !v.Elems[i].Equal(o.Elems[i]) {
			return false
		}
	}
	for i := range v.Attrs {
		if !v.Attrs[i].Equal(o.Attrs[i]) {
			return false
		}
	}
	return true
}

// Sorted returns a copy whose direct elements stand in order of their rendering.
func (v Value) Sorted() Value {
	c := v
	c.Elems = append([]Value(nil), v.Elems...)
	sort.Slice(c.Elems, func(i, j int) bool { return c.Elems[i].String() < c.Elems[j].String() })
	return c
}

// Lookup finds the value of a key in a map or in a flat array of pairs.
func (v Value) Lookup(key string) (Value, bool) {
	for i := 0; i+1 < len(v.Elems); i += 2 {
		if v.Elems[i].Text() == key {
			return v.Elems[i+1], true
		}
	}
	return Value{}, false
}

// Texts lists the texts of the direct elements.
func (v Value) Texts() []string {
	out := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		out[i] = e.Text()
	}
	return out
}

// String renders the tree on one line, unambiguously.
func (v Value) String() string {
	var b strings.Builder
	v.render(&b)
	return b.String()
}

func (v Value) render(b *strings.Builder) {
	if len(v.Attrs) > 0 {
		b.WriteString("|")
		renderAll(b, v.Attrs, "{", "}")
	}
	switch {
	case v.Nil:
		fmt.Fprintf(b, "%c(nil)", v.Kind)
	case v.Kind == Null:
		b.WriteString("_")
	case v.Kind == Int:
		fmt.Fprintf(b, ":%d", v.Int)
	case v.Kind == Array || v.Kind == Set || v.Kind == Push || v.Kind == Map:
		fmt.Fprintf(b, "%c%d", v.Kind, len(v.Elems))
		renderAll(b, v.Elems, "[", "]")
	case v.Kind == Simple || v.Kind == Error:
		fmt.Fprintf(b, "%c%s", v.Kind, v.Str)
	default:
		fmt.Fprintf(b, "%c%s", v.Kind, Quote(v.Str))
	}
}

func renderAll(b *strings.Builder, elems []Value, open, end string) {
	b.WriteString(open)
	for i, e := range elems {
		if i > 0 {
			b.WriteByte(' ')
		}
		e.render(b)
	}
	b.WriteString(end)
}
