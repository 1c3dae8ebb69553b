package resp

import "slices"

// Sink is where replies go: it hands out room and takes it back filled.
type Sink interface {
	// Window commits the first commit bytes of the window handed out last, and returns
	// a new contiguous one of at least min bytes. With min 0 it only commits: the old
	// window ends, and the result may be nil.
	Window(commit, min int) []byte
}

// Buffer is a Sink over one growing slice, for tests, workers and effects. The zero
// value is ready.
type Buffer struct {
	b []byte
}

// Window implements Sink.
func (b *Buffer) Window(commit, min int) []byte {
	b.b = b.b[:len(b.b)+commit]
	if min == 0 {
		return nil
	}
	if cap(b.b)-len(b.b) < min {
		b.b = slices.Grow(b.b, max(min, bufferMinBytes))
	}
	return b.b[len(b.b):cap(b.b)]
}

// Bytes is what was committed, valid until the next Window or Reset.
func (b *Buffer) Bytes() []byte { return b.b }

// Len is how many bytes were committed.
func (b *Buffer) Len() int { return len(b.b) }

// Reset empties b and keeps its memory.
func (b *Buffer) Reset() { b.b = b.b[:0] }

// Discard is a Sink that throws everything away (CLIENT REPLY OFF). The zero value is
// ready; it is used by one goroutine.
type Discard struct {
	b []byte
	n int64
}

// Len is how many bytes were committed.
func (d *Discard) Len() int64 { return d.n }

// Window implements Sink.
func (d *Discard) Window(commit, min int) []byte {
	d.n += int64(commit)
	if len(d.b) < min {
		d.b = make([]byte, max(min, discardBytes))
	}
	return d.b
}
