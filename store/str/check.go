package str

import (
	"fmt"

	"github.com/kringdb/kring/store/entry"
)

// Check verifies the invariants of one string (see doc.go) and returns what is
// broken. The caller holds the shard lock.
func Check(e entry.Entry) error {
	n := e.PayloadLen()
	switch e.Encoding() {
	case entry.Int:
		if n != intBytes {
			return fmt.Errorf("str: int payload of %d bytes", n)
		}
	case entry.Embstr:
		if n > MaxEmbstrBytes {
			return fmt.Errorf("str: embstr of %d bytes", n)
		}
	case entry.Raw:
		if n > MaxInlineBytes {
			return fmt.Errorf("str: inline string of %d bytes", n)
		}
	case entry.Chunked:
		if n != chunkedBytes {
			return fmt.Errorf("str: chunked payload of %d bytes", n)
		}
		r := chunks(e)
		if r.length() <= MaxInlineBytes || r.index() == 0 || r.capacity() < count(r.length()) {
			return fmt.Errorf("str: chunked length %d, index %#x of %d words", r.length(), r.index(), r.capacity())
		}
	default:
		return fmt.Errorf("str: encoding %d", e.Encoding())
	}
	return nil
}
