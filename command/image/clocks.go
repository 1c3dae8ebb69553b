package image

import "github.com/kringdb/kring/store/entry"

// Clocks translates access clocks.
type Clocks struct {
	Now    uint32 // of a new entry
	UnitMs int64  // of the clock, unless Freq is set; 0: 1000
	// Freq returns the counter in a clock, as of now: set if the policy of eviction goes by
	// how often keys are used.
	Freq func(clock, now uint32) uint32
}

// idle is how many seconds ago an entry was used, and freq how often, as far as the policy
// tells; -1: it does not.
func (c *Clocks) told(clock uint32) (idle int64, freq int) {
	if c.Freq != nil {
		return -1, int(c.Freq(clock, c.Now))
	}
	return c.Idle(clock), -1
}

// Idle is the distance in seconds from an entry's access clock to now, modulo its width.
func (c *Clocks) Idle(clock uint32) int64 {
	idle := int64((c.Now - clock) & entry.ClockMax)
	if c.UnitMs > 0 {
		idle = idle * c.UnitMs / 1000
	}
	return idle
}

// Of returns the clock of an entry that has not been used for so many seconds, or was used
// so often; -1 stands for what is not known. What the policy does not go by does not count.
func (c *Clocks) Of(idle int64, freq int) uint32 {
	switch {
	case c.Freq != nil && freq >= 0:
		return c.Now&^0xff | uint32(freq)&0xff
	case c.Freq == nil && idle >= 0:
		idle = min(idle, entry.ClockMax) // a unit is not shorter than some milliseconds: no overflow
		if c.UnitMs > 0 {
			idle = min(idle*1000/c.UnitMs, entry.ClockMax)
		}
		return (c.Now - uint32(idle)) & entry.ClockMax
	}
	return c.Now
}
