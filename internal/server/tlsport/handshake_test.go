package tlsport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kringdb/kring/internal/testcert"
)

// echo serves a listener through the port: each connection gets back what it sends.
func echo(p *Port, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(p, c)
	}
}

func serve(p *Port, c net.Conn) error {
	defer c.Close()
	t, err := p.Handshake(c)
	if err == nil {
		_, _ = io.Copy(t, t)
		_ = t.Close()
	}
	return err
}

// open starts a listener on loopback with f's configuration.
func open(t *testing.T, f *files) (*Port, net.Listener) {
	t.Helper()
	p := New()
	p.Use(f.config())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go echo(p, l)
	t.Cleanup(func() {
		_ = l.Close()
		p.Close()
	})
	return p, l
}

// try sends a line and expects it back.
func try(c net.Conn) error {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, "hello"); err != nil {
		return err
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(c, b); err != nil {
		return err
	}
	if string(b) != "hello" {
		return errors.New("got " + string(b))
	}
	return nil
}

func dial(l net.Listener, c *tls.Config) (tls.ConnectionState, error) {
	conn, err := tls.Dial("tcp", l.Addr().String(), c)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	err = try(conn)
	return conn.ConnectionState(), err
}

func TestClientCertificates(t *testing.T) {
	f := newFiles(t)
	stranger, err := testcert.NewCA("stranger")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := stranger.Issue(testcert.Spec{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]testcert.Pair{
		"good": f.issue(testcert.Spec{Name: "client"}), "rsa": f.issue(testcert.Spec{Name: "client", RSA: true}),
		"expired": f.issue(testcert.Spec{Name: "client", Expired: true}), "foreign": foreign,
	}
	for _, c := range []struct {
		auth tls.ClientAuthType
		good string // who is let in
	}{
		{tls.NoClientCert, "none good rsa expired foreign"},
		{tls.VerifyClientCertIfGiven, "none good rsa"},
		{tls.RequireAndVerifyClientCert, "good rsa"},
	} {
		f.Auth = c.auth
		p, l := open(t, f)
		for _, who := range []string{"none", "good", "rsa", "expired", "foreign"} {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				conf := &tls.Config{RootCAs: f.ca.Pool(), MaxVersion: version}
				if pair, ok := pairs[who]; ok {
					cert, err := pair.TLS()
					if err != nil {
						t.Fatal(err)
					}
					// Whatever authorities the server names: an impolite client.
					conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
				}
				_, err := dial(l, conf)
				if want := strings.Contains(c.good, who); want != (err == nil) {
					t.Errorf("%v, %s, %s: %v", c.auth, who, tls.VersionName(version), err)
				}
			}
		}
		for deadline := time.Now().Add(time.Minute); p.Counts().Pending > 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond) // a refused client knows before the server is done with it
		}
		if n := p.Counts(); n.Done != int64(2*len(strings.Fields(c.good))) || n.Done+n.Failed != 10 || n.Pending != 0 {
			t.Errorf("%v: counts %+v", c.auth, n)
		}
	}
}

func TestClientRefusesServer(t *testing.T) {
	f := newFiles(t)
	stranger, err := testcert.NewCA("stranger")
	if err != nil {
		t.Fatal(err)
	}
	_, l := open(t, f)
	if _, err := dial(l, &tls.Config{RootCAs: stranger.Pool()}); err == nil {
		t.Error("a client took a server that its authority did not sign")
	}
}

// TestReload: what is in force changes as a whole; sessions of the configuration before
// are not resumed; a listener goes on.
func TestReload(t *testing.T) {
	f := newFiles(t)
	p, l := open(t, f)
	conf := &tls.Config{RootCAs: f.ca.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	resumed := func() (string, bool) {
		t.Helper()
		st, err := dial(l, conf)
		if err != nil {
			t.Fatal(err)
		}
		return st.PeerCertificates[0].Subject.CommonName, st.DidResume
	}
	for i, want := range []bool{false, true, true} {
		if name, got := resumed(); name != "server" || got != want {
			t.Fatalf("%d: %s, resumed %v", i, name, got)
		}
	}
	var err error
	if f.CertFile, f.KeyFile, err = f.issue(testcert.Spec{Name: "renewed", RSA: true}).Write(f.dir, "renewed"); err != nil {
		t.Fatal(err)
	}
	p.Use(f.config())
	if name, got := resumed(); name != "renewed" || got {
		t.Errorf("after the reload: %s, resumed %v", name, got)
	}
	if n := p.Counts(); n.Resumed != 2 || n.Done != 4 {
		t.Errorf("counts %+v", n)
	}
}

func TestNoTickets(t *testing.T) {
	f := newFiles(t)
	for _, change := range []func(){func() { f.Tickets = false }, func() { f.Tickets, f.TicketLife = true, -1 }} {
		change()
		_, l := open(t, f)
		conf := &tls.Config{RootCAs: f.ca.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}
		for range 3 {
			if st, err := dial(l, conf); err != nil || st.DidResume {
				t.Errorf("resumed %v, %v", st.DidResume, err)
			}
		}
	}
}

// TestSuites: a restricted list is what is negotiated, also with clients that would prefer
// another, and with resumption.
func TestSuites(t *testing.T) {
	f := newFiles(t)
	for _, want := range suites13 {
		f.CipherSuites = tls.CipherSuiteName(want)
		_, l := open(t, f)
		conf := &tls.Config{RootCAs: f.ca.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}
		for i := range 2 {
			st, err := dial(l, conf)
			if err != nil || st.CipherSuite != want || st.DidResume != (i == 1) {
				t.Errorf("%s: %s, resumed %v, %v", f.CipherSuites, tls.CipherSuiteName(st.CipherSuite), st.DidResume, err)
			}
		}
		if st, err := dial(l, &tls.Config{RootCAs: f.ca.Pool(), MaxVersion: tls.VersionTLS12}); err != nil {
			t.Errorf("TLS 1.2: %v, %x", err, st.CipherSuite)
		}
	}
	f.CipherSuites, f.Ciphers = "", "ECDHE-ECDSA-CHACHA20-POLY1305"
	_, l := open(t, f)
	st, err := dial(l, &tls.Config{RootCAs: f.ca.Pool(), MaxVersion: tls.VersionTLS12})
	if err != nil || st.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 {
		t.Errorf("tls-ciphers: %x, %v", st.CipherSuite, err)
	}
	f.Protocols = "TLSv1.3"
	_, l = open(t, f)
	if _, err := dial(l, &tls.Config{RootCAs: f.ca.Pool(), MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 passed under tls-protocols TLSv1.3")
	}
}

// inMemory starts a handshake on one end of a pipe and gives the other, and where its
// error will be.
func inMemory(p *Port) (net.Conn, chan error) {
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(p, b) }()
	return a, done
}

// TestLate: who does not complete the handshake in time is let go, whatever it waits in,
// and nothing of it is left (synctest would tell).
func TestLate(t *testing.T) {
	f := newFiles(t)
	conf := f.config()
	synctest.Test(t, func(t *testing.T) {
		p := New()
		p.Use(conf)
		silent, silentErr := inMemory(p)
		half, halfErr := inMemory(p)
		garbage, garbageErr := inMemory(p)
		if _, err := half.Write([]byte{22, 3, 1, 2, 0, 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := garbage.Write([]byte("*1\r\n$4\r\nPING\r\n")); err != nil {
			t.Fatal(err)
		}
		var record tls.RecordHeaderError
		if err := <-garbageErr; !errors.As(err, &record) {
			t.Errorf("garbage: %v", err)
		}
		if n := p.Counts(); n.Pending != 2 || n.Failed != 1 || n.Late != 0 {
			t.Errorf("garbage is in: %+v", n)
		}
		good, goodErr := inMemory(p)
		if err := try(tls.Client(good, &tls.Config{InsecureSkipVerify: true})); err != nil { //nolint:gosec // in a test
			t.Errorf("a good client beside the bad ones: %v", err)
		}
		if err := <-goodErr; err != nil {
			t.Error(err)
		}
		begin := time.Now()
		if err := errors.Join(<-silentErr, <-halfErr); !errors.Is(err, ErrLate) || time.Since(begin) > handshakeTimeout {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if n := p.Counts(); n.Pending != 0 || n.Failed != 3 || n.Late != 2 || n.Done != 1 {
			t.Errorf("after the timeout: %+v", n)
		}
		for _, c := range []net.Conn{silent, half, garbage} {
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Error("a late connection is open, or was sent something: ", err)
			}
		}
	})
}

// TestGateHeld: who waits for the gate gives up at its deadline, or when the port closes.
func TestGateHeld(t *testing.T) {
	f := newFiles(t)
	conf := f.config()
	for _, closing := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := New()
			p.Use(conf)
			p.gate.enter(t.Context(), false)
			c, done := inMemory(p)
			go func() { _ = tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake() }() //nolint:gosec // in a test
			synctest.Wait()
			want := ErrLate
			if closing {
				want = ErrClosed
				p.Close()
			}
			if err := <-done; !errors.Is(err, want) {
				t.Errorf("closing %v: %v", closing, err)
			}
			p.gate.leave(0)
			time.Sleep(maxRest)
			if !p.gate.enter(t.Context(), false) {
				t.Error("the gate is not free")
			}
		})
	}
}

// TestGateOrder: one at a time; begun handshakes first; who has left is skipped.
func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		var order []int
		g.enter(t.Context(), false)
		short, cancel := context.WithCancel(t.Context())
		wait := func(n int, ctx context.Context, begun bool) {
			go func() {
				if g.enter(ctx, begun) {
					order = append(order, n)
					time.Sleep(time.Millisecond)
					g.leave(0)
				}
			}()
			synctest.Wait()
		}
		wait(3, t.Context(), false)
		wait(0, short, true)
		wait(1, t.Context(), true)
		wait(4, t.Context(), false)
		wait(2, t.Context(), true)
		cancel()
		synctest.Wait()
		begin := time.Now()
		g.leave(0)
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(order, []int{1, 2, 3, 4}) {
			t.Errorf("in the order %v", order)
		}
		if !g.enter(t.Context(), false) || time.Since(begin) != time.Second {
			t.Error("the gate is not free")
		}
	})
}

// TestGateRests: work goes on for a burst, then the gate is closed for a while; time in
// which it was free is as good.
func TestGateRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		work := func(d time.Duration) (waited time.Duration) {
			begin := time.Now()
			g.enter(t.Context(), false)
			waited = time.Since(begin)
			time.Sleep(d)
			g.leave(0)
			return waited
		}
		work(workBurst - 1)
		if waited := work(1); waited != 0 {
			t.Errorf("waited %v within a burst", waited)
		}
		if waited := work(workBurst - 1); waited != workBurst/2 {
			t.Errorf("waited %v after a burst", waited)
		}
		time.Sleep(workBurst)
		work(workBurst - 1)
		if waited := work(time.Hour); waited != 0 {
			t.Errorf("waited %v after a time without work", waited)
		}
		if waited := work(0); waited != maxRest {
			t.Errorf("waited %v after an hour", waited)
		}
	})
}

// TestPace: connections that do nothing are accepted at a bounded pace.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New()
		begin := time.Now()
		const n = 1000
		for range n {
			p.Pace()
		}
		if took := time.Since(begin); took < n*acceptWork/3 || took > n*acceptWork {
			t.Errorf("%d were let in within %v", n, took)
		}
		p.Close()
		p.Pace()
	})
}

// TestShed: beyond what may be pending the oldest is given up, and without room a
// connection is refused at once.
func TestShed(t *testing.T) {
	f := newFiles(t)
	conf := f.config()
	synctest.Test(t, func(t *testing.T) {
		room := true
		p := New()
		p.Room = func() bool { return room }
		p.Use(conf)
		_, oldest := inMemory(p)
		synctest.Wait()
		for range maxPending - 1 {
			inMemory(p)
		}
		synctest.Wait()
		if n := p.Counts(); n.Pending != maxPending || n.Shed != 0 {
			t.Errorf("%+v", n)
		}
		inMemory(p)
		if err := <-oldest; !errors.Is(err, ErrShed) {
			t.Errorf("the oldest of too many: %v", err)
		}
		if n := p.Counts(); n.Pending != maxPending || n.Shed != 1 || n.Failed != 0 {
			t.Errorf("%+v", n)
		}
		time.Sleep(handshakeTimeout + time.Second)
		room = false
		if _, err := inMemory(p); !errors.Is(<-err, ErrShed) {
			t.Error("one without room was let in")
		}
		if n := p.Counts(); n.Pending != 0 || n.Shed != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// TestStorm: many at once all complete, one unit at a time.
func TestStorm(t *testing.T) {
	f := newFiles(t)
	p, l := open(t, f)
	const n = 60
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := dial(l, &tls.Config{RootCAs: f.ca.Pool()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := p.Counts(); got.Done != n || got.Pending != 0 {
		t.Errorf("%+v", got)
	}
}
