package lua

import (
	"math"
	"unsafe"
)

// Value is one Lua value in 16 bytes (doc.go draws it). The zero Value is nil. A Value
// whose n is above tagMax is a number, and its p then means nothing: it may still point
// to what was in the same place before, so that arithmetic need not write pointers.
type Value struct {
	p unsafe.Pointer
	n uint64
}

// Tags of values that are no numbers. The order matters: falsy values come first.
const (
	tagNil uint64 = iota
	tagFalse
	tagTrue
	tagLight
	tagString
	tagTable
	tagLua
	tagGo
	tagThread
	tagMax
)

// Nil, False and True are the values of these names.
var (
	Nil   = Value{}
	False = Value{n: tagFalse}
	True  = Value{n: tagTrue}
)

// Type is the type of a value as Lua sees it.
type Type uint8

// The types, in Lua's order. Of userdata there is only the light kind.
const (
	TypeNil Type = iota
	TypeBoolean
	TypeLight
	TypeNumber
	TypeString
	TypeTable
	TypeFunction
	TypeThread
	TypeNone // no value at all: an argument that was not given
)

var typeNames = [...]string{"nil", "boolean", "userdata", "number", "string", "table", "function", "thread", "no value"}

// String returns the name that Lua's type function gives, and "no value" for TypeNone.
func (t Type) String() string { return typeNames[t] }

var tagTypes = [tagMax]Type{TypeNil, TypeBoolean, TypeBoolean, TypeLight, TypeString, TypeTable, TypeFunction, TypeFunction, TypeThread}

// Type returns the type of v.
func (v Value) Type() Type {
	if v.n > tagMax {
		return TypeNumber
	}
	return tagTypes[v.n]
}

// Number returns f as a value.
func Number(f float64) Value { return Value{n: ^math.Float64bits(f)} }

// Int returns i as a value, rounded to a double when it is beyond 53 bits.
func Int(i int) Value { return Number(float64(i)) }

// NumberOfBits returns the number with these bits. A NaN loses its payload: the bits
// come from outside, and some payloads mean other types here.
func NumberOfBits(bits uint64) Value {
	f := math.Float64frombits(bits)
	if f != f {
		return Number(math.Copysign(plainNaN, f))
	}
	return Number(f)
}

// Bool returns b as a value.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Light returns the light userdata i: a value that is equal only to itself. cjson's null
// is Light(0).
func Light(i int) Value { return Value{p: unsafe.Pointer(&lights[i]), n: tagLight} }

// lights are the places whose addresses tell light userdata apart.
var lights [4]uint64

// StringValue, TableValue and the others wrap an object.
func StringValue(s *String) Value     { return Value{unsafe.Pointer(s), tagString} }
func TableValue(t *Table) Value       { return Value{unsafe.Pointer(t), tagTable} }
func luaValue(c *closure) Value       { return Value{unsafe.Pointer(c), tagLua} }
func FunctionValue(f *Function) Value { return Value{unsafe.Pointer(f), tagGo} }
func threadValue(t *Thread) Value     { return Value{unsafe.Pointer(t), tagThread} }
func (v Value) float() float64        { return math.Float64frombits(^v.n) }
func (v Value) isNumber() bool        { return v.n > tagMax }
func (v Value) falsy() bool           { return v.n <= tagFalse }
func (v Value) str() *String          { return (*String)(v.p) }
func (v Value) table() *Table         { return (*Table)(v.p) }
func (v Value) closure() *closure     { return (*closure)(v.p) }
func (v Value) function() *Function   { return (*Function)(v.p) }
func (v Value) thread() *Thread       { return (*Thread)(v.p) }

// IsNil tells whether v is nil.
func (v Value) IsNil() bool { return v.n == tagNil }

// Truthy tells whether v counts as true: everything but nil and false.
func (v Value) Truthy() bool { return v.n > tagFalse }

// AsNumber returns the number that v is, without conversion.
func (v Value) AsNumber() (float64, bool) { return v.float(), v.isNumber() }

// AsString returns the string that v is, without conversion.
func (v Value) AsString() (*String, bool) {
	if v.n != tagString {
		return nil, false
	}
	return v.str(), true
}

// AsTable returns the table that v is.
func (v Value) AsTable() (*Table, bool) {
	if v.n != tagTable {
		return nil, false
	}
	return v.table(), true
}

// IsFunction tells whether v is a function, Lua's or Go's.
func (v Value) IsFunction() bool { return v.n == tagLua || v.n == tagGo }

// clean returns v without what its p may still point to, for places that live long.
func (v Value) clean() Value {
	if v.n > tagMax || v.n <= tagTrue {
		v.p = nil
	}
	return v
}

// RawEqual compares without metamethods.
func RawEqual(a, b Value) bool {
	if a.n > tagMax || b.n > tagMax {
		return a.n > tagMax && b.n > tagMax && a.float() == b.float()
	}
	if a.n != b.n {
		return false
	}
	if a.n <= tagTrue || a.p == b.p {
		return true
	}
	return a.n == tagString && a.str().equal(b.str())
}
