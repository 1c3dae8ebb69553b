package server

import "sync"

// gate is one participant's mutex: its owner holds it while it touches the store.
// Padded, because every executor takes its own for each batch.
type gate struct {
	sync.Mutex
	_ [56]byte
}

// gates is the outermost lock level (docs/LOCKS.md). Workers come first, so that an
// exclusive operation waits for the long runners before it holds up the reactors.
type gates []gate

// lockAll takes every gate in ascending order. The caller must have released its
// own gate: an executor that asks for all while it holds one would wait for itself.
func (g gates) lockAll() {
	for i := range g {
		g[i].Lock()
	}
}

func (g gates) unlockAll() {
	for i := range g {
		g[i].Unlock()
	}
}
