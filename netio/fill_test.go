//go:build unix

package netio

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestFillReadsDeep: who sends more at once than a node holds is read by one call the next time.
func TestFillReadsDeep(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		defer unix.Close(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	r := &Reactor{group: &Group{cfg: Config{TurnReadBytes: defaultTurnReadBytes}}}
	c := &Conn{fd: int32(fds[0]), r: r}
	defer c.in.release()
	for i, step := range []struct{ sends, reads int }{
		{NodeBytes + 100, 2}, {NodeBytes + 100, 1}, {100, 1}, {NodeBytes + 100, 2},
	} {
		if n, err := unix.Write(fds[1], make([]byte, step.sends)); n != step.sends || err != nil {
			t.Fatal(n, err)
		}
		before := r.counts.Reads
		if got, err := c.fill(); got != step.sends || err != nil {
			t.Fatalf("step %d: read %d bytes, %v", i, got, err)
		}
		if reads := int(r.counts.Reads - before); reads != step.reads {
			t.Errorf("step %d: %d reads, want %d", i, reads, step.reads)
		}
		c.in.Discard(step.sends)
	}
}
