package robust

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTLSFarewell: whatever the server closes a TLS connection for, it says so, that a
// client can tell an end from an attack that cuts the connection off.
func TestTLSFarewell(t *testing.T) {
	r := startTLS(t)
	plain := r.Connect(t)
	dial := func() (c *tls.Conn, id string) {
		t.Helper()
		c, err := tls.Dial("tcp", r.TLS.Addr, r.config("none"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprint(c, "CLIENT ID\r\n")
		b := make([]byte, 64)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return c, strings.Trim(string(b[:n]), ":\r\n")
	}
	ended := func(what string, c *tls.Conn) {
		t.Helper()
		if _, err := io.Copy(io.Discard, c); err != nil { // without close_notify: unexpected EOF
			t.Errorf("%s: %v", what, err)
		}
	}
	c, id := dial()
	must(t, plain, "CLIENT KILL ID "+id, ":1")
	ended("CLIENT KILL", c)

	c, _ = dial()
	fmt.Fprint(c, "*1\r\n$-1\r\n")
	ended("a protocol error", c)

	must(t, plain, "ACL SETUSER u on nopass +@all", "+OK")
	c, _ = dial()
	fmt.Fprint(c, "AUTH u x\r\n")
	if b := make([]byte, 5); errors.Is(readAll(c, b), io.EOF) || string(b) != "+OK\r\n" {
		t.Fatalf("AUTH: %q", b)
	}
	must(t, plain, "ACL DELUSER u", ":1")
	ended("ACL DELUSER", c)

	must(t, plain, "CONFIG SET timeout 1", "+OK")
	c, _ = dial()
	ended("the idle timeout", c)
	plain = r.Connect(t) // the first one was idle, too
	must(t, plain, "CONFIG SET timeout 0", "+OK")

	must(t, plain, "SETRANGE big "+strconv.Itoa(50000)+" x", ":50001")
	must(t, plain, "CONFIG SET client-output-buffer-limit \"normal 10000 0 0\"", "+OK")
	c, _ = dial()
	fmt.Fprint(c, "GET big\r\n")
	ended("the output limit", c)
}

func readAll(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return err
}
