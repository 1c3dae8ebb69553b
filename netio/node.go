package netio

import (
	"sync"
	"sync/atomic"

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

// getNode returns an empty node with room for at least min bytes.
func getNode(min int) *node {
	if min > NodeBytes {
		return &node{buf: make([]byte, min)}
	}
	return nodePool.Get().(*node)
}

// putNode gives a node back. No view of its bytes may be used from now on.
func putNode(n *node) {
	if invariants.Enabled {
		invariants.Mangle(n.buf)
	}
	n.next.Store(nil)
	n.w = 0
	if n.pooled() {
		nodePool.Put(n)
	}
}
