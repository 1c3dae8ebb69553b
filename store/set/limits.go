package set

const (
	// maxPackedEntries bounds the packed form, whatever the thresholds say: its count has
	// 16 bits.
	maxPackedEntries = 1<<16 - 1
	// maxIntBytes is the longest text of a 64-bit integer.
	maxIntBytes = 20
)

// Limits are the thresholds of the compact forms.
type Limits struct {
	IntEntries int // integers in an intset
	Entries    int // members of a packed set
	ValueBytes int // of the longest member of a packed set
}

// packs tells whether a packed set of n members whose longest has size bytes may be.
func (l *Limits) packs(n, size int) bool {
	return n <= min(l.Entries, maxPackedEntries) && size <= l.ValueBytes
}
