package replication

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// NewID returns an id that nobody has.
func NewID() string {
	var b [idDigits / 2]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}

// noID is how the lack of a second id is written.
var noID = strings.Repeat("0", idDigits)

// IDs are the names of a history.
type IDs struct {
	ID     string
	Second string // the one before it; noID: none
	Until  int64  // the offset up to which Second holds; -1: none
}

// Primary is the address of the server that this one follows.
type Primary struct {
	Host string
	Port int
}

// History is whose history the server's data has, and its role. Any goroutine may call its methods.
type History struct {
	primary atomic.Pointer[Primary]

	mu struct { // innermost
		sync.Mutex
		ids IDs
	}
}

// NewHistory returns one that nobody has, of a primary.
func NewHistory() *History {
	h := &History{}
	h.Renew()
	return h
}

// IDs returns the names.
func (h *History) IDs() IDs {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.ids
}

// Primary is the server that this one follows, nil while it is a primary itself.
func (h *History) Primary() *Primary { return h.primary.Load() }

// SetPrimary makes the server a replica of p, or with nil a primary, without a change of its history.
func (h *History) SetPrimary(p *Primary) { h.primary.Store(p) }

// Renew begins a new history: nobody can go on from an old one.
func (h *History) Renew() { h.Adopt(NewID()) }

// Adopt takes over the history that id names: the data has come from there as a whole.
func (h *History) Adopt(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.ids = IDs{ID: id, Second: noID, Until: -1}
}

// Branch gives the history another name from offset on, and keeps the one that it has had: the
// server is promoted (id is new), or its primary was (id is that one's).
func (h *History) Branch(id string, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.ids = IDs{ID: id, Second: h.mu.ids.ID, Until: offset}
}

// Restore sets the names, as a file has kept them.
func (h *History) Restore(ids IDs) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.ids = ids
}

// Differs says why who has followed the history id up to an offset cannot go on from there,
// "" if it can, as far as the names say.
func (h *History) Differs(id string, offset int64) string {
	ids := h.IDs()
	switch {
	case strings.EqualFold(id, ids.ID):
		return ""
	case !ValidID(id): // of any length
		return "it names no replication id"
	case !strings.EqualFold(id, ids.Second) || ids.Until < 0:
		return fmt.Sprintf("its replication id is %q, mine are %s and %s", id, ids.ID, ids.Second)
	case offset > ids.Until:
		return fmt.Sprintf("its history %s has parted from mine: it has offset %d, but both have only the part up to %d", ids.Second, offset, ids.Until)
	}
	return ""
}

// ValidID tells whether id has the form of one.
func ValidID(id string) bool {
	return len(id) == idDigits && strings.Trim(strings.ToLower(id), "0123456789abcdef") == ""
}
