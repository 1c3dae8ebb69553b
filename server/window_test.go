package server

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/server/admin"
)

// get asks the admin server of s.
func get(t *testing.T, s *Server, path, password string) (int, string) {
	t.Helper()
	a, err := admin.Start("127.0.0.1:0", (*window)(s), s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	req, err := http.NewRequest(http.MethodGet, "http://"+a.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		req.SetBasicAuth("", password)
	}
	c := http.Client{Timeout: 10 * time.Second}
	defer c.CloseIdleConnections()
	r, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestMetrics(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.do("SET", "a", "b")
	c.do("GET", "a")
	c.do("GET", "nokey")
	c.do("INCR", "a")
	code, text := get(t, s, "/metrics", "")
	if code != http.StatusOK {
		t.Fatal(code, text)
	}
	for _, want := range []string{
		`(?m)^redis_up 1$`, `(?m)^redis_connected_clients 1$`, `(?m)^redis_db_keys\{db="db0"\} 1$`, `(?m)^redis_commands_total\{cmd="get"\} 2$`,
		`(?m)^redis_commands_failed_calls_total\{cmd="incr"\} 1$`, `(?m)^redis_keyspace_hits_total 1$`, `(?m)^redis_keyspace_misses_total 1$`,
		`(?m)^redis_commands_latencies_usec_bucket\{cmd="set",le="\+Inf"\} 1$`, `(?m)^redis_memory_used_bytes [0-9.e+]+$`,
		`(?m)^redis_errors_total\{err="ERR"\} 1$`, `(?m)^redis_instance_info\{.*redis_mode="standalone".*\} 1$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestWindow(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.do("SET", "a", "b")
	if code, text := get(t, s, "/", ""); code != http.StatusOK || !strings.Contains(text, "<title>Kring</title>") || strings.Contains(text, "http") {
		t.Error(code, "the page is missing or refers to something outside")
	}
	if code, text := get(t, s, "/healthz", ""); code != http.StatusOK || text != "ok\n" {
		t.Error(code, text)
	}
	if code, _ := get(t, s, "/debug/pprof/goroutine?debug=1", ""); code != http.StatusOK {
		t.Error(code)
	}
	if code, _ := get(t, s, "/nosuch", ""); code != http.StatusNotFound {
		t.Error(code)
	}
	code, text := get(t, s, "/api/state", "")
	var st admin.State
	if err := json.Unmarshal([]byte(text), &st); err != nil || code != http.StatusOK {
		t.Fatal(code, err)
	}
	if st.Info["redis_mode"] != "standalone" || len(st.Keyspace) != 1 || st.Keyspace[0].Keys != 1 || len(st.Commands) == 0 {
		t.Errorf("%+v", st)
	}
}

func TestWindowAsksForThePassword(t *testing.T) {
	s := startServer(t, "requirepass", "secret")
	for _, c := range []struct {
		path, password string
		want           int
	}{{"/metrics", "", 401}, {"/metrics", "bad", 401}, {"/metrics", "secret", 200}, {"/", "", 401}, {"/healthz", "", 200}} {
		if code, _ := get(t, s, c.path, c.password); code != c.want {
			t.Errorf("%s with %q: %d", c.path, c.password, code)
		}
	}
}
