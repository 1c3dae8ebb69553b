package inbox

import "sync/atomic"

const (
	// FullBytes is how much may wait in the boxes of a Room before those who put in have to wait, and roomBytes from how
	// much on they need not any more: whoever outruns the readers would fill the memory.
	FullBytes, roomBytes = 16 << 20, 8 << 20
)

// Room counts what waits in some boxes, for any goroutine, under any lock.
type Room struct {
	// Roomy is called when it is full no longer, by whoever takes something out.
	Roomy func()

	waiting atomic.Int64 // bytes
	full    atomic.Bool
}

// Full tells whether so much waits that whoever is about to put in should wait until it does not.
func (r *Room) Full() bool { return r.full.Load() }

// Waiting is how many bytes wait.
func (r *Room) Waiting() int64 { return r.waiting.Load() }

// In counts what is put in.
func (r *Room) In(bytes int64) {
	if r.waiting.Add(bytes) > FullBytes && !r.full.Load() {
		r.full.Store(true)
		r.Out(0) // or it may just have been taken, and nobody will come to see
	}
}

// Out counts what has been taken out and is done with.
func (r *Room) Out(bytes int64) {
	if r.waiting.Add(-bytes) < roomBytes && r.full.Load() && r.full.CompareAndSwap(true, false) {
		r.Roomy()
	}
}
