package options

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/memsize"
)

// numberForm is how a number is written.
type numberForm uint8

const (
	decimal         numberForm = iota
	memory                     // with a unit: k kb m mb g gb
	memoryOrPercent            // a percentage is kept as its negative
	octal
)

// numberKind is a bounded number. A value is an int64; a percentage is negative.
type numberKind struct {
	form     numberForm
	min, max int64
	check    func(int64) error
	fix      func(int64) int64 // clamps silently where Redis does
	unsigned bool              // it goes up to 2^64 in Redis: what is above max becomes max
}

func integer(min, max int64) numberKind { return numberKind{min: min, max: max} }

// bytesIn is a memory size of at least min bytes.
func bytesIn(min int64) numberKind { return numberKind{form: memory, min: min, max: math.MaxInt64} }

// manyBytes is a memory size that is an unsigned number in Redis.
func manyBytes() numberKind { return numberKind{form: memory, max: math.MaxInt64, unsigned: true} }

func (k numberKind) parse(words []string, _ any, _ context) (any, error) {
	w, err := one(words)
	if err != nil {
		return nil, err
	}
	n, err := k.number(w)
	if err != nil {
		return nil, err
	}
	if k.check != nil {
		if err := k.check(n); err != nil {
			return nil, err
		}
	}
	if k.fix != nil {
		n = k.fix(n)
	}
	return n, nil
}

func (k numberKind) number(w string) (int64, error) {
	switch k.form {
	case octal:
		n, err := strconv.ParseUint(w, 8, 31)
		if err != nil {
			return 0, errors.New("argument couldn't be parsed as an octal number")
		}
		if int64(n) < k.min || int64(n) > k.max {
			return 0, fmt.Errorf("argument must be between %o and %o inclusive", k.min, k.max)
		}
		return int64(n), nil
	case memory:
		n, fits, ok := memsize.Parse(w)
		switch {
		case !ok:
			return 0, errors.New("argument must be a memory value")
		case !fits && !k.unsigned:
			return 0, k.outOfBounds()
		}
		return k.bound(n)
	case memoryOrPercent:
		return k.memoryOrPercent(w)
	}
	n, ok := parseInt(w)
	if !ok {
		return 0, errors.New("argument couldn't be parsed into an integer")
	}
	return k.bound(n)
}

var errPercent = errors.New("percentage argument must be less or equal to 100")

func (k numberKind) memoryOrPercent(w string) (int64, error) {
	if body, isPercent := strings.CutSuffix(w, "%"); isPercent {
		if n, ok := parseInt(body); ok && n >= 0 {
			if n > 100 {
				return 0, errPercent
			}
			return -n, nil
		}
	} else if n, fits, ok := memsize.Parse(w); ok && fits {
		return k.bound(n)
	} else if ok { // negative there, as percentages are
		return 0, errPercent
	}
	return 0, errors.New("argument must be a memory or percent value")
}

func (k numberKind) bound(n int64) (int64, error) {
	if n < k.min || n > k.max {
		return 0, k.outOfBounds()
	}
	return n, nil
}

func (k numberKind) outOfBounds() error {
	return fmt.Errorf("argument must be between %d and %d inclusive", k.min, k.max)
}

func (k numberKind) text(v any) string {
	n := v.(int64)
	switch {
	case k.form == octal:
		return strconv.FormatInt(n, 8)
	case k.form == memoryOrPercent && n < 0:
		return strconv.FormatInt(-n, 10) + "%"
	}
	return strconv.FormatInt(n, 10)
}

func (k numberKind) directives(v, _ any) []string {
	if n := v.(int64); k.form == memory || k.form == memoryOrPercent && n >= 0 {
		return []string{formatMemory(n)}
	}
	return []string{k.text(v)}
}

func (numberKind) words() bool   { return false }
func (numberKind) newCell() cell { return new(Int) }

func (k numberKind) label() string {
	switch k.form {
	case octal:
		return "octal mode"
	case memory:
		return "memory size"
	case memoryOrPercent:
		return "memory size or percentage"
	}
	switch {
	case k.max >= math.MaxUint32 && k.min == 0:
		return "number"
	case k.max >= math.MaxInt32:
		return fmt.Sprintf("number from %d", k.min)
	}
	return fmt.Sprintf("%d to %d", k.min, k.max)
}

// parseInt reads an integer as strictly as Redis does: no sign but '-', no leading
// zeros, nothing around it.
func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}

// formatMemory writes a size with the largest unit that divides it.
func formatMemory(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}} {
		if n != 0 && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
