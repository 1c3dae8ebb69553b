package command

import "math/rand/v2"

// LFU counts accesses in an entry's access clock the way Redis does: 16 bits of
// minutes since the last decay, 8 bits of a counter that grows logarithmically.
// https://redis.io/docs/latest/develop/reference/eviction/#lfu-eviction
type LFU struct {
	LogFactor    int64 // lfu-log-factor
	DecayMinutes int64 // lfu-decay-time: minutes after which the counter sinks by one; 0: never
}

// lfuInitial is the counter of a new entry, so that it is not evicted at once.
const lfuInitial = 5

// LFUClock is the clock of a new entry at a Unix time in seconds.
func LFUClock(unixSeconds int64) uint32 {
	return uint32(unixSeconds/60)&0xffff<<8 | lfuInitial
}

// Decayed returns the counter of an entry's clock as of now, a clock by LFUClock.
func (l *LFU) Decayed(clock, now uint32) uint32 {
	counter := clock & 0xff
	if l.DecayMinutes == 0 {
		return counter
	}
	periods := int64((now>>8-clock>>8)&0xffff) / l.DecayMinutes
	return uint32(max(int64(counter)-periods, 0))
}

// Access returns the clock of an entry after an access.
func (l *LFU) Access(clock, now uint32) uint32 {
	counter := l.Decayed(clock, now)
	if counter < 0xff {
		above := max(int64(counter)-lfuInitial, 0)
		if rand.Float64()*float64(above*l.LogFactor+1) < 1 {
			counter++
		}
	}
	return now&^0xff | counter
}
