package inbox

// Box is what waits for one goroutine, in the order in which it came. It has no lock: its owner
// guards it by one of his own, under which a reader is told, too. The zero value is empty.
type Box[T any] struct {
	queue []T
	told  bool
}

// Put appends v.
func (b *Box[T]) Put(v T) { b.queue = append(b.queue, v) }

// MustTell tells whether the reader is to be told that there is something. It says so once for
// each Collect.
func (b *Box[T]) MustTell() bool {
	if b.told {
		return false
	}
	b.told = true
	return true
}

// Take empties the box, which goes on with spare's memory; for a reader who happens to look.
func (b *Box[T]) Take(spare []T) []T {
	queue := b.queue
	b.queue = spare[:0]
	return queue
}

// Collect is Take for the reader who was told, and is to be told again.
func (b *Box[T]) Collect(spare []T) []T {
	b.told = false
	return b.Take(spare)
}
