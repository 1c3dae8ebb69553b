package stream

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// PayloadBytes is the length of a stream's payload, which never changes: a stream's
// entry does not move because of what happens to the stream.
const PayloadBytes = rootWords * wordBytes

// The words of the payload.
const (
	rootLength  = 0  // live entries
	rootLast    = 1  // id of the last entry ever added, 2 words
	rootFirst   = 3  // id of the first live entry, 2 words
	rootDeleted = 5  // largest id removed by Delete, 2 words
	rootAdded   = 7  // entries ever added
	rootIndex   = 8  // tree of the nodes, 2 words
	rootTail    = 10 // address of the last node
	rootGroups  = 11 // table of the groups, 2 words
	rootBytes   = 13 // what the nodes take in the arena
	rootWords   = 14
)

// root is a stream's payload.
type root struct{ p unsafe.Pointer }

func rootOf(e entry.Entry) root { return root{unsafe.Pointer(unsafe.SliceData(e.Payload()))} }

func (r root) at(w int) unsafe.Pointer { return unsafe.Add(r.p, w*wordBytes) }
func (r root) word(w int) *uint64      { return (*uint64)(r.at(w)) }
func (r root) id(w int) *ID            { return (*ID)(r.at(w)) }
func (r root) index() tree             { return tree{r.at(rootIndex), indexWidth} }
func (r root) groups() table           { return table{r.at(rootGroups), groupHeaderBytes} }
func (r root) tail() node              { return node{arena.Addr(*r.word(rootTail))} }
func (r root) setTail(n node)          { *r.word(rootTail) = uint64(n.a) }

// account adds n to what the nodes take.
func (r root) account(n int) { *r.word(rootBytes) += uint64(n) }

// Init makes e's fresh payload of PayloadBytes an empty stream.
func Init(e entry.Entry) { clear(e.Payload()) }

// Len returns the number of entries.
func Len(e entry.Entry) int64 { return int64(*rootOf(e).word(rootLength)) }

// LastID returns the id of the last entry ever added, or what SetLastID said.
func LastID(e entry.Entry) ID { return *rootOf(e).id(rootLast) }

// FirstID returns the id of the first entry, 0-0 when there is none.
func FirstID(e entry.Entry) ID { return *rootOf(e).id(rootFirst) }

// MaxDeletedID returns the largest id that Delete removed.
func MaxDeletedID(e entry.Entry) ID { return *rootOf(e).id(rootDeleted) }

// EntriesAdded returns how many entries were ever added.
func EntriesAdded(e entry.Entry) uint64 { return *rootOf(e).word(rootAdded) }

// Nodes returns the number of nodes.
func Nodes(e entry.Entry) int64 { return rootOf(e).index().count() }

// Groups returns the number of consumer groups.
func Groups(e entry.Entry) int { return rootOf(e).groups().n() }

// SetLastID, SetMaxDeletedID and SetEntriesAdded overwrite the counters.
func SetLastID(e entry.Entry, id ID) { *rootOf(e).id(rootLast) = id }

// SetMaxDeletedID see SetLastID.
func SetMaxDeletedID(e entry.Entry, id ID) { *rootOf(e).id(rootDeleted) = id }

// SetEntriesAdded see SetLastID.
func SetEntriesAdded(e entry.Entry, n uint64) { *rootOf(e).word(rootAdded) = n }

// hasDeletedFrom tells whether Delete removed an entry with an id >= from, as far as the
// largest such id tells.
func hasDeletedFrom(e entry.Entry, from ID) bool {
	d := MaxDeletedID(e)
	return Len(e) != 0 && !d.IsZero() && !d.Less(from)
}

// distance returns how many entries were added up to id, if that can be told.
func distance(e entry.Entry, id ID) (n int64, ok bool) {
	added, length := int64(EntriesAdded(e)), Len(e)
	last, first, deleted := LastID(e), FirstID(e), MaxDeletedID(e)
	switch {
	case added == 0:
		return 0, true
	case length == 0 && !last.Less(id):
		return added, true
	case id == last:
		return added, true
	case last.Less(id):
		return 0, false
	}
	if deleted.IsZero() || deleted.Less(first) {
		if id.Less(first) {
			return added - length, true
		}
		if id == first {
			return added - length + 1, true
		}
	}
	return 0, false
}

// Blocks returns the number of blocks that hold entries: nodes and those of their index.
func Blocks(e entry.Entry) int64 { return Nodes(e) + countBlocks(rootOf(e).index().root()) }
