package robust

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/testcert"
	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// tlsRig is a server with a TLS port beside the plain one, and clients' configurations.
type tlsRig struct {
	*harness.Server
	*harness.TLS
	t *testing.T
}

const tlsRefused = "ERR CONFIG SET failed (possibly related to argument '%s') - Unable to update TLS configuration. Check server logs."

func newTLS(t *testing.T) *tlsRig {
	t.Helper()
	files, err := harness.NewTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &tlsRig{TLS: files, t: t}
}

// startTLS runs the subject with both ports; clients need no certificate.
func startTLS(t *testing.T, args ...string) *tlsRig {
	t.Helper()
	r := newTLS(t)
	r.Server = start(t, r.Args(append([]string{"--tls-auth-clients", "no"}, args...)...)...)
	return r
}

// config is a client's configuration, with a certificate of the given kind: "none",
// "good", "expired" or "foreign".
func (r *tlsRig) config(kind string) *tls.Config {
	r.t.Helper()
	ca := r.CA
	switch kind {
	case "none":
		c, err := r.Config("", "")
		if err != nil {
			r.t.Fatal(err)
		}
		return c
	case "foreign":
		var err error
		if ca, err = testcert.NewCA("stranger"); err != nil {
			r.t.Fatal(err)
		}
	}
	pair, err := ca.Issue(testcert.Spec{Name: kind, Expired: kind == "expired"})
	if err != nil {
		r.t.Fatal(err)
	}
	cert, key, err := pair.Write(r.TLS.Dir, kind)
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := r.Config(cert, key)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// secure opens a TLS connection for the length of the test.
func (r *tlsRig) secure() *rawclient.Client {
	r.t.Helper()
	c, err := r.TLS.Dial(r.config("none"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// ping connects and sends one PING.
func (r *tlsRig) ping(conf *tls.Config) error {
	c, err := r.TLS.Dial(conf)
	if err != nil {
		return err
	}
	defer c.Close()
	v, err := c.Do("PING")
	if err == nil && v.String() != "+PONG" {
		err = errors.New(v.String())
	}
	return err
}

// served tells the common name and the serial number of the certificate that the server
// shows now.
func (r *tlsRig) served() (string, string) {
	r.t.Helper()
	c, err := tls.Dial("tcp", r.TLS.Addr, r.config("none"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	leaf := c.ConnectionState().PeerCertificates[0]
	return leaf.Subject.CommonName, leaf.SerialNumber.String()
}

// TestTLSBesidePlain: plain, unix and TLS clients use one server at the same time.
func TestTLSBesidePlain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	r := startTLS(t, "--unixsocket", path)
	plain, secure := r.Connect(t), r.secure()
	unix, err := rawclient.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	must(t, secure, "SET k v", "+OK")
	must(t, plain, "GET k", `$"v"`)
	must(t, unix, "APPEND k w", ":2")
	must(t, secure, "GET k", `$"vw"`)
	if line := must(t, secure, "CLIENT INFO", "").Str; !strings.Contains(line, "laddr="+r.TLS.Addr) || !strings.Contains(line, "addr=127.0.0.1:") {
		t.Errorf("CLIENT INFO: %s", line)
	}
	if n := strings.Count(must(t, plain, "CLIENT LIST", "").Str, "\n"); n != 3 {
		t.Errorf("CLIENT LIST shows %d clients", n)
	}
	if port := infoNumber(t, plain, "tcp_port"); port != int64(r.Server.Port) {
		t.Errorf("tcp_port %d", port)
	}
	if r.IsKring() {
		info := must(t, plain, "INFO server", "").Str
		for _, want := range []string{"name=tcp,bind=127.0.0.1,port=" + strconv.Itoa(r.Server.Port), "name=tls,bind=127.0.0.1,port=" + strconv.Itoa(r.TLS.Port)} {
			if !strings.Contains(info, want) {
				t.Errorf("INFO has no %s", want)
			}
		}
	}
}

// TestTLSClients: what goes over a TLS connection besides single commands.
func TestTLSClients(t *testing.T) {
	r := startTLS(t)
	plain, c := r.Connect(t), r.secure()
	value := strings.Repeat("0123456789abcdef-", 400_000)
	c.Queue("SET", "big", value)
	c.Queue("GET", "big")
	if got, err := c.Exchange(2); err != nil || got[1].Str != value {
		t.Fatalf("a large value: %v", err)
	}
	for range 20_000 {
		c.Queue("INCR", "n")
	}
	if got, err := c.Exchange(20_000); err != nil || got[19_999].Int != 20_000 {
		t.Fatalf("a pipeline: %v", err)
	}
	waiting, listening := r.secure(), r.secure()
	must(t, listening, "SUBSCRIBE news", "")
	waiting.Queue("BLPOP", "queue", "10")
	if err := waiting.Flush(); err != nil {
		t.Fatal(err)
	}
	await(t, "a client waits", func() bool { return infoNumber(t, plain, "blocked_clients") == 1 })
	must(t, plain, "RPUSH queue job", ":1")
	if v, err := waiting.Receive(); err != nil || v.String() != `*2[$"queue" $"job"]` {
		t.Errorf("BLPOP: %s, %v", v, err)
	}
	must(t, plain, "PUBLISH news hello", ":1")
	if v, err := listening.Receive(); err != nil || v.String() != `*3[$"message" $"news" $"hello"]` {
		t.Errorf("SUBSCRIBE: %s, %v", v, err)
	}
	id := must(t, waiting, "CLIENT ID", "").Int
	must(t, plain, fmt.Sprintf("CLIENT KILL ID %d", id), ":1")
	if v, err := waiting.Receive(); err == nil {
		t.Errorf("a killed client received %s", v)
	}
	last := r.secure()
	must(t, last, "QUIT", "+OK")
	if v, err := last.Receive(); err != io.EOF {
		t.Errorf("after QUIT: %s, %v", v, err)
	}
	// Half-closed: all replies come.
	half := r.secure()
	if err := half.Write(bytes.Repeat([]byte("PING\r\n"), 1000)); err != nil {
		t.Fatal(err)
	}
	_ = half.Conn.(*tls.Conn).CloseWrite()
	if r.IsKring() {
		for i := range 1000 {
			if v, err := half.Receive(); err != nil || v.String() != "+PONG" {
				t.Fatalf("half-closed: reply %d is %s, %v", i, v, err)
			}
		}
	}
	await(t, "only two clients left", func() bool { return infoNumber(t, plain, "connected_clients") == 3 })
}

// TestTLSVanish: TLS clients that vanish mid-command leave nothing behind.
func TestTLSVanish(t *testing.T) {
	r := startTLS(t)
	watch := r.Connect(t)
	must(t, watch, "SET big "+strings.Repeat("x", 100_000), "+OK")
	for i := range 60 {
		c, err := r.TLS.Dial(r.config("none"))
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			_ = c.Write([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc"))
		case 1:
			_ = c.Write(bytes.Repeat([]byte("GET big\r\n"), 50))
		}
		inner := c.Conn.(*tls.Conn).NetConn().(*net.TCPConn)
		_ = inner.SetLinger(0) // a reset, without TLS's goodbye
		_ = inner.Close()
	}
	await(t, "only one client left", func() bool { return infoNumber(t, watch, "connected_clients") == 1 })
	if files, err := r.OpenFiles(); err == nil && files > 50 {
		t.Errorf("%d descriptors are open", files)
	}
}

// TestTLSDeaf: a TLS client that never reads is cut off at its output limit, and leaves
// nothing behind.
func TestTLSDeaf(t *testing.T) {
	r := startTLS(t, "--client-output-buffer-limit", "normal", fmt.Sprint(deafLimitBytes), "0", "0")
	c, deaf := r.Connect(t), r.secure()
	must(t, c, "SET big "+strings.Repeat("x", 1<<20), "+OK")
	go func() {
		for range 100 {
			if deaf.Write([]byte("GET big\r\n")) != nil {
				return
			}
		}
	}()
	await(t, "the deaf client is gone", func() bool {
		must(t, c, "PING", "+PONG")
		return infoNumber(t, c, "connected_clients") == 1
	})
	must(t, r.secure(), "PING", "+PONG")
	if r.IsKring() {
		await(t, "its descriptor is closed", func() bool {
			files, err := r.OpenFiles()
			return err != nil || files < 40
		})
	}
}

// TestTLSOnly: port 0 and a TLS port; the certificate of clients is asked for by default.
func TestTLSOnly(t *testing.T) {
	r := newTLS(t)
	s, err := harness.Spawn(harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: r.TLS.Addr,
		Args: r.Args("--port", "0", "--bind", "127.0.0.1", "--save", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	harness.Bind(t, s)
	good := r.config("good")
	await(t, "the TLS port serves", func() bool { return r.ping(good) == nil })
	if r.ping(r.config("none")) == nil {
		t.Error("a client without certificate was let in")
	}
	c, err := r.TLS.Dial(good)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if port := infoNumber(t, c, "tcp_port"); port != int64(r.TLS.Port) {
		t.Errorf("tcp_port %d", port)
	}
}

// TestTLSClientCertificates: who is let in, as tls-auth-clients changes at run time.
func TestTLSClientCertificates(t *testing.T) {
	r := startTLS(t)
	c := r.Connect(t)
	kinds := []string{"none", "good", "expired", "foreign"}
	confs := map[string]*tls.Config{}
	for _, kind := range kinds {
		confs[kind] = r.config(kind)
	}
	for _, m := range []struct{ auth, in string }{
		{"yes", "good"}, {"optional", "none good"}, {"no", "none good expired foreign"},
	} {
		must(t, c, "CONFIG SET tls-auth-clients "+m.auth, "+OK")
		for _, kind := range kinds {
			if err := r.ping(confs[kind]); (err == nil) != strings.Contains(m.in, kind) {
				t.Errorf("tls-auth-clients %s, certificate %s: %v", m.auth, kind, err)
			}
		}
	}
	// A client that trusts another authority does not take the server.
	stranger, err := testcert.NewCA("stranger")
	if err != nil {
		t.Fatal(err)
	}
	if r.ping(&tls.Config{RootCAs: stranger.Pool()}) == nil {
		t.Error("a server of another authority was accepted")
	}
	if n := infoNumber(t, c, "connected_clients"); n != 1 {
		await(t, "one client is left", func() bool { return infoNumber(t, c, "connected_clients") == 1 })
	}
}

// TestTLSReload: CONFIG SET reads certificates again, also under the same name; a bad one
// leaves the old one in force; open connections go on.
func TestTLSReload(t *testing.T) {
	r := startTLS(t)
	c, old := r.Connect(t), r.secure()
	_, first := r.served()
	renew := func(name string) {
		t.Helper()
		if _, _, err := r.Issue("server", testcert.Spec{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	renew("renewed")
	if name, serial := r.served(); name != "server" || serial != first {
		t.Errorf("before CONFIG SET %s is served", name)
	}
	must(t, c, "CONFIG SET tls-cert-file "+r.CertFile, "+OK")
	if name, _ := r.served(); name != "renewed" {
		t.Errorf("%s is served after the reload", name)
	}
	must(t, old, "PING", "+PONG")

	text := filepath.Join(r.TLS.Dir, "text")
	write(t, text, "no certificate")
	otherCert, otherKey, err := r.Issue("other", testcert.Spec{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct{ option, pairs string }{
		{"tls-cert-file", "tls-cert-file " + text},
		{"tls-cert-file", "tls-cert-file /no/such/file"},
		{"tls-cert-file", "tls-cert-file " + otherCert}, // the key is not its
		{"tls-key-file", "tls-key-file " + otherKey},
		{"tls-ca-cert-file", "tls-ca-cert-file " + text},
		{"tls-protocols", "tls-protocols TLSv1.9"},
		{"tls-ciphers", "tls-ciphers BOGUS"},
		{"tls-ciphersuites", "tls-ciphersuites BOGUS"},
	} {
		must(t, c, "CONFIG SET "+bad.pairs, "-"+fmt.Sprintf(tlsRefused, bad.option))
		if name, _ := r.served(); name != "renewed" {
			t.Errorf("after %s %s is served", bad.pairs, name)
		}
		if v := must(t, c, "CONFIG GET tls-cert-file", ""); v.Elems[1].Str != r.CertFile {
			t.Errorf("after %s tls-cert-file is %s", bad.pairs, v)
		}
	}
	must(t, c, fmt.Sprintf("CONFIG SET tls-cert-file %s tls-key-file %s", otherCert, otherKey), "+OK")
	if name, _ := r.served(); name != "other" {
		t.Errorf("%s is served after both were changed", name)
	}
	// Half of a bad pair of options is not applied either.
	v := must(t, c, fmt.Sprintf("CONFIG SET tls-cert-file %s tls-key-file %s", r.CertFile, text), "-"+fmt.Sprintf(tlsRefused, "tls-cert-file"))
	if name, _ := r.served(); name != "other" {
		t.Errorf("after %s %s is served", v, name)
	}
	// Files that are damaged on the disk do no harm before they are read.
	write(t, otherCert, "damaged")
	must(t, c, "CONFIG SET tls-cert-file "+otherCert, "-"+fmt.Sprintf(tlsRefused, "tls-cert-file"))
	if name, _ := r.served(); name != "other" {
		t.Errorf("%s is served with a damaged file", name)
	}
}

// TestTLSPortMoves: the port opens, moves and closes at run time, all or nothing.
func TestTLSPortMoves(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	r := newTLS(t)
	r.Server = s
	port := strconv.Itoa(r.TLS.Port)
	must(t, c, "CONFIG SET tls-port "+port, "-"+fmt.Sprintf(tlsRefused, "tls-port"))
	must(t, c, "CONFIG SET tls-cert-file /no/such/file", "+OK") // nothing reads it yet
	set := fmt.Sprintf("tls-cert-file %s tls-key-file %s tls-ca-cert-file %s tls-auth-clients no", r.CertFile, r.KeyFile, r.CAFile)
	must(t, c, "CONFIG SET tls-port "+port+" tls-cert-file "+r.CertFile+" tls-key-file "+r.KeyFile, "-"+fmt.Sprintf(tlsRefused, "tls-port")) // no authority
	must(t, c, "CONFIG SET tls-port "+port+" "+set, "+OK")
	none := r.config("none")
	if err := r.ping(none); err != nil {
		t.Fatal(err)
	}
	must(t, c, fmt.Sprintf("CONFIG SET tls-port %d", s.Port),
		"-ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to listen on this port. Check server logs.")
	if err := r.ping(none); err != nil {
		t.Errorf("after a port that is in use: %v", err)
	}
	held := r.secure()
	must(t, c, "CONFIG SET tls-port 0", "+OK")
	if r.ping(none) == nil {
		t.Error("the closed port serves")
	}
	must(t, held, "PING", "+PONG")
	must(t, c, "CONFIG SET tls-port "+port, "+OK")
	must(t, r.secure(), "CONFIG SET port 0", "+OK")
	if x, err := s.Dial(); err == nil {
		_ = x.Close()
		t.Error("the plain port serves after port 0")
	}
	must(t, r.secure(), fmt.Sprintf("CONFIG SET port %d", s.Port), "+OK")
	must(t, s.Connect(t), "PING", "+PONG")
}

// TestTLSProtocols: versions and ciphers are what the options say.
func TestTLSProtocols(t *testing.T) {
	r := startTLS(t)
	c := r.Connect(t)
	state := func(highest uint16) (tls.ConnectionState, error) {
		conf := r.config("none")
		conf.MaxVersion = highest
		conn, err := tls.Dial("tcp", r.TLS.Addr, conf)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		return conn.ConnectionState(), nil
	}
	must(t, c, "CONFIG SET tls-protocols TLSv1.2", "+OK")
	if st, err := state(tls.VersionTLS13); err != nil || st.Version != tls.VersionTLS12 {
		t.Errorf("only TLS 1.2: %x, %v", st.Version, err)
	}
	must(t, c, "CONFIG SET tls-protocols TLSv1.3", "+OK")
	if _, err := state(tls.VersionTLS12); err == nil {
		t.Error("only TLS 1.3: a 1.2 client was served")
	}
	must(t, c, `CONFIG SET tls-protocols "" tls-ciphers ECDHE-ECDSA-AES256-GCM-SHA384 tls-ciphersuites TLS_AES_256_GCM_SHA384`, "+OK")
	for version, want := range map[uint16]uint16{tls.VersionTLS12: tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.VersionTLS13: tls.TLS_AES_256_GCM_SHA384} {
		if st, err := state(version); err != nil || st.Version != version || st.CipherSuite != want {
			t.Errorf("%s: %s, %v", tls.VersionName(version), tls.CipherSuiteName(st.CipherSuite), err)
		}
	}
}

// TestTLSEncryptedKey: a passphrase opens the key; without it the server does not start.
func TestTLSEncryptedKey(t *testing.T) {
	r := newTLS(t)
	text, err := os.ReadFile(r.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	locked, err := x509.EncryptPEMBlock(testRandom{}, "PRIVATE KEY", block.Bytes, []byte("open sesame"), x509.PEMCipherAES256) //nolint:staticcheck // what is tested
	if err != nil {
		t.Fatal(err)
	}
	write(t, r.KeyFile, string(pem.EncodeToMemory(locked)))
	r.Server = start(t, r.Args("--tls-auth-clients", "no", "--tls-key-file-pass", "open sesame")...)
	if err := r.ping(r.config("none")); err != nil {
		t.Error(err)
	}
	must(t, r.Connect(t), `CONFIG SET tls-key-file-pass "wrong"`, "-"+fmt.Sprintf(tlsRefused, "tls-key-file-pass"))
	must(t, r.secure(), "PING", "+PONG")
}

// testRandom needs not be random.
type testRandom struct{}

func (testRandom) Read(b []byte) (int, error) { return copy(b, strings.Repeat("r", len(b))), nil }

// TestTLSBadStart: with TLS that cannot be configured the server does not start.
func TestTLSBadStart(t *testing.T) {
	r := newTLS(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--tls-port", strconv.Itoa(r.TLS.Port)}, "No tls-cert-file configured!"},
		{r.Args("--tls-cert-file", "/no/such"), "Failed to load certificate: /no/such"},
		{r.Args("--tls-ca-cert-file", ""), "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when"},
	} {
		s, err := harness.Spawn(harness.Config{Bin: harness.SubjectBin(t), Args: c.args})
		if err != nil {
			t.Fatal(err)
		}
		code, err := s.Wait(awaitTimeout)
		if err != nil || code != 1 || !strings.Contains(s.Output(), c.want) {
			t.Errorf("%v: exit code %d, %v\n%s", c.args, code, err, s.Output())
		}
		_ = s.Kill()
	}
}

// TestTLSGarbage: what is no TLS is closed without an answer; it is no client, and the
// others do not notice.
func TestTLSGarbage(t *testing.T) {
	r := startTLS(t)
	c := r.Connect(t)
	before := infoNumber(t, c, "total_connections_received")
	for _, text := range []string{
		"PING\r\n", "*1\r\n$4\r\nPING\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x00", "\x16\x03\x01\x00\x05hello",
		"\x16\x03\x01\xff\xff" + strings.Repeat("x", 70_000), "\x80\x2e\x01\x00\x02", strings.Repeat("\xff", 1000),
	} {
		conn, err := net.Dial("tcp", r.TLS.Addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.(*net.TCPConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		got, err := io.ReadAll(conn)
		var netErr net.Error
		if errors.As(err, &netErr) && netErr.Timeout() {
			t.Errorf("%.20q: not closed", text)
		}
		if bytes.Contains(got, []byte("PONG")) || bytes.Contains(got, []byte("ERR")) || len(got) > 7 { // an alert has 7 bytes
			t.Errorf("%.20q got %q", text, got)
		}
		_ = conn.Close()
	}
	// And TLS on the plain port.
	conf := r.config("none")
	if conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 300 * time.Millisecond}, "tcp", r.Server.Addr, conf); err == nil {
		_ = conn.Close()
		t.Error("the plain port speaks TLS")
	}
	must(t, c, "PING", "+PONG")
	must(t, r.secure(), "PING", "+PONG")
	if r.IsKring() {
		if n := infoNumber(t, c, "total_connections_received") - before; n > 4 {
			t.Errorf("%d connections counted", n)
		}
		if n := infoNumber(t, c, "tls_handshakes_failed"); n != 8 {
			t.Errorf("%d handshakes failed", n)
		}
	}
}

// TestTLSHalfOpen: connections that never complete their handshake are no clients, keep
// nobody out, cost nothing, and are closed in time without leaving goroutines behind.
func TestTLSHalfOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the handshake's timeout")
	}
	onlyKring(t, start(t)) // redis-server would not take the option
	web := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	r := startTLS(t, "--maxclients", "50", "--http-address", web)
	c := r.Connect(t)
	await(t, "the window is open", func() bool {
		x, err := net.Dial("tcp", web)
		if err == nil {
			_ = x.Close()
		}
		return err == nil
	})
	calm := goroutines(t, web)
	hello := firstFlight(t, r.config("none"))
	var conns []net.Conn
	for i := range halfOpenCount {
		conn, err := net.Dial("tcp", r.TLS.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		switch i % 3 {
		case 1:
			_, _ = conn.Write(hello[:len(hello)/2])
		case 2:
			_, _ = conn.Write(hello) // and the server's answer is never read
		}
		conns = append(conns, conn)
	}
	await(t, "all are pending", func() bool { return infoNumber(t, c, "tls_handshakes_pending") == halfOpenCount })
	if n := infoNumber(t, c, "connected_clients"); n != 1 {
		t.Errorf("%d clients", n)
	}
	must(t, r.secure(), "PING", "+PONG")
	await(t, "all were given up", func() bool { return infoNumber(t, c, "tls_handshakes_pending") == 0 })
	for i, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		var netErr net.Error
		if _, err := io.Copy(io.Discard, conn); errors.As(err, &netErr) && netErr.Timeout() {
			t.Fatalf("connection %d is open", i)
		}
	}
	if n := infoNumber(t, c, "tls_handshakes_late"); n != halfOpenCount {
		t.Errorf("%d were late", n)
	}
	await(t, "no goroutine is left", func() bool { return goroutines(t, web) <= calm+10 })
	if files, err := r.OpenFiles(); err == nil && files > 50 {
		t.Errorf("%d descriptors are open", files)
	}
}

// firstFlight is what a client sends first.
func firstFlight(t *testing.T, conf *tls.Config) []byte {
	t.Helper()
	a, b := net.Pipe()
	conf.ServerName = "localhost"
	go func() { _ = tls.Client(a, conf).Handshake() }()
	buf := make([]byte, 16<<10)
	n, err := io.ReadAtLeast(b, buf, 100)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	return buf[:n]
}
