package options

import (
	"math"
	"sync/atomic"
)

// cell holds the value of one option. load and store deal in the kind's own type.
type cell interface {
	load() any
	store(v any)
}

// Int is the value of a numeric, memory or enum option. Load costs one atomic load.
type Int struct{ v atomic.Int64 }

// Load returns the value: the number, bytes, or the constant of an enum.
func (c *Int) Load() int64 { return c.v.Load() }

// Int is Load, held within what an int of 32 bits can express.
func (c *Int) Int() int { return int(max(min(c.v.Load(), math.MaxInt32), math.MinInt32)) }

func (c *Int) load() any   { return c.v.Load() }
func (c *Int) store(v any) { c.v.Store(v.(int64)) }

// Bool is the value of a yes/no option.
type Bool struct{ v atomic.Bool }

// Load returns whether the option says yes.
func (c *Bool) Load() bool { return c.v.Load() }

func (c *Bool) load() any   { return c.v.Load() }
func (c *Bool) store(v any) { c.v.Store(v.(bool)) }

// Value is the value of an option of another type. What Load returns is shared: it must
// not be changed.
type Value[T any] struct{ p atomic.Pointer[T] }

// Load returns the value, or T's zero before the first store.
func (c *Value[T]) Load() T {
	if p := c.p.Load(); p != nil {
		return *p
	}
	var zero T
	return zero
}

func (c *Value[T]) load() any { return c.Load() }
func (c *Value[T]) store(v any) {
	t := v.(T)
	c.p.Store(&t)
}

// Text is the value of a string option; empty when unset.
type Text = Value[string]

// Words is the value of an option that lists strings.
type Words = Value[[]string]
