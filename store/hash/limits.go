package hash

// MaxDeadlineMs is the last deadline that a field may have, in milliseconds since 1970:
// that is 2,200 years.
const MaxDeadlineMs = 1<<46 - 1

// KeepTTL as a deadline keeps the one that the field has.
const KeepTTL int64 = -1

const (
	// maxPackedEntries bounds the packed form, whatever the thresholds say: its count has
	// 16 bits.
	maxPackedEntries = 1<<16 - 1

	// shortFields and shortBytes bound a hash that is packed although it is a hash table for clients: its payload,
	// in which a field is looked for one by one: among eight in the time of a look-up in a table, which takes 150 bytes more.
	shortFields = 8
	shortBytes  = 2 << 10

	// indexShare: the index has a word for half this many to this many fields.
	indexShare = 64
	// maxIndexBits bounds the index to 16 Mi words.
	maxIndexBits = 24
	// walkStep is how many fields are visited between two looks at where a walk stands.
	walkStep = 16
)

// Limits are the thresholds of the packed form.
type Limits struct {
	Entries    int // fields
	ValueBytes int // of the longest field or value
}

// Fits tells whether a packed hash may hold a field or value of n bytes.
func (l *Limits) Fits(n int) bool { return n <= l.ValueBytes }

// entries returns the most fields of a packed hash.
func (l *Limits) entries() int { return min(l.Entries, maxPackedEntries) }
