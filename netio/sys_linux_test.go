package netio

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSendAndReceive: the calls that are meant for sockets do for other descriptors as well, and tell of a peer
// that is gone by an error, without a signal.
func TestSendAndReceive(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	rd, wr, err := os.Pipe()
	must(t, err)
	defer rd.Close()
	defer wr.Close()
	for _, c := range []struct {
		what     string
		from, to int
	}{{"socket", pair[0], pair[1]}, {"pipe", int(rd.Fd()), int(wr.Fd())}} {
		sent := pattern(5000, 1)
		n, err := sysSend(c.to, sent)
		if err != nil || n != len(sent) {
			t.Fatalf("%s: %d bytes sent, %v", c.what, n, err)
		}
		got := make([]byte, 2*len(sent))
		n, err = sysReceive(c.from, got)
		if err != nil || string(got[:n]) != string(sent) {
			t.Fatalf("%s: %d bytes received, %v", c.what, n, err)
		}
	}
	if _, err = sysReceive(pair[0], make([]byte, 1)); !isAgain(err) {
		t.Errorf("nothing is there: %v", err)
	}
	sysClose(pair[0])
	if _, err = sysSend(pair[1], []byte("x")); !errors.Is(err, unix.EPIPE) {
		t.Errorf("nobody is there: %v", err)
	}
	if n, err := sysReceive(pair[1], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("at the end: %d, %v", n, err)
	}
	sysClose(pair[1])
}
