package netio

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// node is one link of a ring. The producer owns w until it links next; from then on
// w is final and the consumer may read it.
type node struct {
	next atomic.Pointer[node]
	buf  []byte
	w    int // bytes written
}

// pooled tells whether n goes back to the pool: outsized nodes are left to the GC.
func (n *node) pooled() bool { return len(n.buf) == NodeBytes }

var nodePool = sync.Pool{New: func() any { return &node{buf: make([]byte, NodeBytes)} }}

// nodesHeld counts the bytes of all nodes that rings hold, in parts: nodes that stand in
// different places are counted in different lines of the cache.
var nodesHeld [heldParts]struct {
	bytes atomic.Int64
	_     [56]byte
}

func (n *node) count(by int) {
	nodesHeld[uintptr(unsafe.Pointer(n))>>heldShift%heldParts].bytes.Add(int64(by))
}

// BytesHeld returns how many bytes of memory all rings of the process hold, whatever is in
// them; any goroutine may call it. What waits in the pool for reuse is not counted.
func BytesHeld() (sum int64) {
	for i := range nodesHeld {
		sum += nodesHeld[i].bytes.Load()
	}
	return sum
}

// getNode returns an empty node with room for at least min bytes.
func getNode(min int) *node {
	var n *node
	if min > NodeBytes {
		n = &node{buf: make([]byte, min)}
	} else {
		n = nodePool.Get().(*node)
	}
	n.count(len(n.buf))
	return n
}

// putNode gives a node back. No view of its bytes may be used from now on.
func putNode(n *node) {
	if invariants.Enabled {
		invariants.Mangle(n.buf)
	}
	if n.next.Load() != nil { // a store takes ten times as long, and most rings have one node
		n.next.Store(nil)
	}
	n.w = 0
	n.count(-len(n.buf))
	if n.pooled() {
		nodePool.Put(n)
	}
}
