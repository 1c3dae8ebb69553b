package harness

import "testing"

// TestFreePort: a process hands out the ports of one block, which nobody else gets as long as it lives, each once before any comes again,
// and none that is taken.
func TestFreePort(t *testing.T) {
	port := func() int {
		t.Helper()
		p, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := port()
	if l, err := listenAt(block.first); err == nil {
		l.Close()
		t.Error("another process could have the block")
	}
	seen, taken := map[int]bool{first: true}, port()
	l, err := listenAt(taken)
	if err != nil {
		t.Skip("another process listens at any port: ", err)
	}
	defer l.Close()
	for range blockPorts {
		p := port()
		if p <= block.first || p >= block.first+blockPorts || p >= endPort || p == taken {
			t.Fatalf("port %d, %d is taken, of the block from %d on", p, taken, block.first)
		}
		if seen[p] {
			break
		}
		seen[p] = true
	}
	if len(seen) < blockPorts/2 { // others listen at some
		t.Errorf("%d ports were handed out", len(seen))
	}
}
