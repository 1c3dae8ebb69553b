package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"strings"
	"testing"
	"time"
)

// pages are those of a program that shows all there is.
var pages = Pages{
	Metrics:  func(Source) http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) },
	Profiles: http.HandlerFunc(pprof.Index),
}

// fake is a Source that says what it is told to.
type fake struct {
	st     State
	access func(Visitor) Access
	ready  bool
}

func (f *fake) State() State           { return f.st }
func (f *fake) Admit(v Visitor) Access { return f.access(v) }
func (f *fake) Ready() bool            { return f.ready }
func (f *fake) get(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	letIn(f, handler(f, pages)).ServeHTTP(w, r)
	return w
}

func localOnly(v Visitor) Access {
	if v.Local {
		return All
	}
	return Forbidden
}

func TestGuard(t *testing.T) {
	f := &fake{access: localOnly, ready: true}
	for _, c := range []struct {
		remote, host, path string
		header             [2]string
		want               int
	}{
		{"127.0.0.1:1", "127.0.0.1:80", "/", [2]string{}, 200},
		{"[::1]:1", "[::1]:80", "/", [2]string{}, 200},
		{"127.0.0.1:1", "localhost:80", "/api/state", [2]string{}, 200},
		{"127.0.0.1:1", "LOCALHOST", "/metrics", [2]string{}, 200},
		{"127.0.0.1:1", "evil.example:80", "/api/state", [2]string{}, 403},
		{"192.0.2.1:1", "127.0.0.1:80", "/", [2]string{}, 403},
		{"192.0.2.1:1", "127.0.0.1:80", "/healthz", [2]string{}, 200},
		{"127.0.0.1:1", "localhost", "/debug/pprof/", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"127.0.0.1:1", "localhost", "/debug/pprof/", [2]string{"Sec-Fetch-Site", "same-site"}, 403},
		{"127.0.0.1:1", "localhost", "/debug/pprof/", [2]string{"Sec-Fetch-Site", "same-origin"}, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		if got := f.get(r).Code; got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		access              Access
		page, metrics, help int
	}{{Unknown, 401, 401, 200}, {Forbidden, 403, 403, 200}, {Metrics, 403, 200, 200}, {All, 200, 200, 200}} {
		f := &fake{access: func(Visitor) Access { return c.access }, ready: true}
		for path, want := range map[string]int{"/": c.page, "/api/state": c.page, "/debug/pprof/": c.page, "/metrics": c.metrics, "/healthz": c.help} {
			if got := f.get(httptest.NewRequest(http.MethodGet, path, nil)).Code; got != want {
				t.Errorf("access %d: %s: %d, want %d", c.access, path, got, want)
			}
		}
	}
}

func TestOnlyGet(t *testing.T) {
	f := &fake{access: func(Visitor) Access { return All }}
	for _, path := range []string{"/", "/api/state", "/metrics", "/debug/pprof/", "/healthz"} {
		if got := f.get(httptest.NewRequest(http.MethodPost, path, nil)).Code; got != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, got)
		}
	}
	if got := f.get(httptest.NewRequest(http.MethodGet, "/healthz", nil)).Code; got != http.StatusServiceUnavailable {
		t.Errorf("healthz while loading: %d", got)
	}
}

// TestPagesThatAreNotThere: a program that brings neither metrics nor profiles has the rest.
func TestPagesThatAreNotThere(t *testing.T) {
	f := &fake{access: func(Visitor) Access { return All }}
	for path, want := range map[string]int{"/": 200, "/api/state": 200, "/metrics": 404, "/debug/pprof/": 404} {
		w := httptest.NewRecorder()
		letIn(f, handler(f, Pages{})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestStartRefusesABadAddress(t *testing.T) {
	if _, err := Start("nonsense", &fake{}, Pages{}, slog.New(slog.NewTextHandler(io.Discard, nil))); err == nil {
		t.Error("no error")
	}
}

// TestConnectionsAreBounded: whoever opens many connections, and says nothing or announces a
// body that does not come, keeps nobody else from being answered.
func TestConnectionsAreBounded(t *testing.T) {
	f := &fake{access: localOnly, ready: true}
	a, err := Start("127.0.0.1:0", f, Pages{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for i := range 3 * MaxConnections {
		c, err := net.Dial("tcp", a.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		if i%3 == 0 { // answered at once, though the body does not come
			_, _ = io.WriteString(c, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
		}
	}
	last := open[len(open)-3]
	_ = last.SetDeadline(time.Now().Add(time.Minute))
	line, err := bufio.NewReader(last).ReadString('\n')
	if err != nil || !strings.Contains(line, " 413 ") {
		t.Errorf("a body that does not come: %q, %v", line, err)
	}
	resp, err := http.Get("http://" + a.Addr().String() + "/healthz")
	if err != nil {
		t.Fatalf("behind %d silent connections: %v", len(open), err)
	}
	resp.Body.Close()
	for i, c := range open[:MaxConnections] {
		if i%3 == 0 {
			continue // it is closed when its body is late
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("connection %d of %d is still open", i, len(open))
		}
	}
}

// TestWrongPasswordsAreSlow: an address that tries passwords waits for each answer, and may
// not try many at once.
func TestWrongPasswordsAreSlow(t *testing.T) {
	tried := 0
	f := &fake{ready: true, access: func(Visitor) Access { tried++; return Unknown }}
	h := letIn(f, handler(f, Pages{}))
	ask := func(ctx context.Context, addr string) int {
		r := httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil)
		r.RemoteAddr = addr
		r.SetBasicAuth("u", "guess")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	began := time.Now()
	if code := ask(t.Context(), "192.0.2.1:1"); code != 401 || time.Since(began) < guessDelay {
		t.Errorf("%d after %v", code, time.Since(began))
	}
	var g guesses
	for range guessesAtOnce {
		if !g.mayTry("a") {
			t.Error("too few tries")
		}
		g.count("a", 1)
	}
	if g.mayTry("a") || !g.mayTry("b") {
		t.Error("the bound is not one of each address")
	}
	g.count("a", -1)
	if !g.mayTry("a") {
		t.Error("an answered try still counts")
	}
}
