package server

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/admin"
)

// get asks the admin server of s.
func get(t *testing.T, s *Server, path, password string) (int, string) {
	t.Helper()
	a, err := admin.Start("127.0.0.1:0", (*window)(s), s.pages, s.Log)
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
	c := http.Client{Timeout: patience}
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
	s := startServer(t, "slowlog-log-slower-than", "60000000") // a busy machine may take its time
	c := dial(t, s)
	c.do("SET", "a", "b")
	c.do("GET", "a")
	c.do("GET", "nokey")
	c.do("INCR", "a")
	c.do("PSETEX", "gone", "1", "x")
	for deadline := time.Now().Add(patience); c.do("DBSIZE") != "1" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	code, text := get(t, s, "/metrics", "")
	if code != http.StatusOK {
		t.Fatal(code, text)
	}
	for _, want := range []string{
		`(?m)^redis_up 1$`, `(?m)^redis_connected_clients 1$`, `(?m)^redis_db_keys\{db="db0"\} 1$`, `(?m)^redis_commands_total\{cmd="get"\} 2$`,
		`(?m)^redis_commands_failed_calls_total\{cmd="incr"\} 1$`, `(?m)^redis_keyspace_hits_total 1$`, `(?m)^redis_keyspace_misses_total 1$`,
		`(?m)^redis_commands_latencies_usec_bucket\{cmd="set",le="\+Inf"\} 1$`, `(?m)^redis_memory_used_bytes [0-9.e+]+$`,
		`(?m)^redis_errors_total\{err="ERR"\} 1$`, `(?m)^redis_instance_info\{.*redis_mode="standalone".*\} 1$`,
		`(?m)^redis_latency_percentiles_usec\{cmd="set",quantile="0.99"\} [0-9.]+$`, `(?m)^redis_start_time_seconds 1\.[0-9]+e\+09$`,
		`(?m)^kring_memory_bytes\{account="data"\} [0-9.e+]+$`, `(?m)^kring_reactor_turns_total\{reactor="1"\} [0-9.e+]+$`,
		`(?m)^kring_expire_late_seconds_bucket\{le="0.001"\} [01]$`, `(?m)^kring_expire_late_seconds_count 1$`, `(?m)^redis_expired_keys_total 1$`,
		`(?m)^redis_evicted_keys_total 0$`, `(?m)^redis_aof_enabled 0$`, `(?m)^redis_slowlog_length 0$`, `(?m)^redis_slowlog_last_id 0$`,
		`(?m)^go_gc_duration_seconds_count \d+$`, `(?m)^go_gc_pauses_seconds_count \d+$`, `(?m)^redis_db_keys_expiring\{db="db0"\} 0$`,
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
	if code, text := get(t, s, "/", ""); code != http.StatusOK || !strings.Contains(text, "<title>Kring</title>") || regexp.MustCompile(`(src|href|import|url)\s*[=(]?\s*["']?(https?:)?//`).MatchString(text) {
		t.Error(code, "the page is missing or refers to something outside")
	}
	if _, text := get(t, startServer(t), "/metrics", ""); !strings.Contains(text, "redis_db_keys{db=\"db0\"} 0\n") {
		t.Error("nothing is said of an empty keyspace")
	}
	if code, text := get(t, s, "/healthz", ""); code != http.StatusOK || text != "ok\n" {
		t.Error(code, text)
	}
	if code, _ := get(t, s, "/debug/pprof/heap", ""); code != http.StatusNotFound {
		t.Error("profiles, though nobody gave any:", code)
	}
	s.pages.Profiles = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	if code, text := get(t, s, "/debug/pprof/heap", ""); code != http.StatusOK || text != "/debug/pprof/heap" {
		t.Error(code, text)
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

func TestWindowForUsers(t *testing.T) {
	s := startServer(t, "requirepass", "secret")
	c := dial(t, s)
	c.want("OK", "AUTH", "secret")
	c.want("OK", "ACL", "SETUSER", "all", "on", ">p", "+@all")
	c.want("OK", "ACL", "SETUSER", "scraper", "on", ">p", "+info")
	c.want("OK", "ACL", "SETUSER", "app", "on", ">p", "+get", "~*")
	c.want("OK", "ACL", "SETUSER", "off", "off", ">p", "+@all")
	for _, v := range []struct {
		user, password string
		want           admin.Access
	}{
		{"all", "p", admin.All}, {"all", "q", admin.Unknown}, {"scraper", "p", admin.Metrics}, {"app", "p", admin.Forbidden},
		{"off", "p", admin.Unknown}, {"nobody", "p", admin.Unknown}, {"", "secret", admin.All}, {"default", "secret", admin.All},
	} {
		if got := (*window)(s).Admit(admin.Visitor{User: v.user, Password: v.password, Named: true}); got != v.want {
			t.Errorf("%s %s: %d, want %d", v.user, v.password, got, v.want)
		}
	}
	// The password may go while others can reach the address.
	c.want("OK", "CONFIG", "SET", "requirepass", "")
	if got := (*window)(s).Admit(admin.Visitor{}); got != admin.Forbidden {
		t.Errorf("from elsewhere without a password: %d", got)
	}
	if got := (*window)(s).Admit(admin.Visitor{Local: true}); got != admin.All {
		t.Errorf("from here without a password: %d", got)
	}
}

func TestWindowAddress(t *testing.T) {
	for _, c := range []struct{ asked, password, want string }{
		{"0.0.0.0:0", "", "127.0.0.1:"}, {":0", "", "127.0.0.1:"}, {"192.0.2.1:0", "", "127.0.0.1:"}, {"localhost:0", "", "127.0.0.1:"},
		{"0.0.0.0:0", "secret", "[::]:"}, {":0", "secret", "127.0.0.1:"}, {"", "", ""},
	} {
		var log strings.Builder
		directives := []string{"http-address", c.asked + "EMPTY"}
		if c.password != "" {
			directives = append(directives, "requirepass", c.password)
		}
		s, end := launch(t, func(s *Server) { s.Log = slog.New(slog.NewTextHandler(&log, nil)) }, directives...)
		s.awaitReady(t)
		end()
		m := regexp.MustCompile(`address=http://(\S+:)\d+/`).FindStringSubmatch(log.String())
		got := ""
		if m != nil {
			got = m[1]
		}
		if got != c.want && !(c.want == "[::]:" && got == "0.0.0.0:") {
			t.Errorf("%q with password %q: %q, want %q", c.asked, c.password, got, c.want)
		}
		if narrowed := strings.Contains(log.String(), "loopback interface only"); narrowed != (c.password == "" && c.asked != "" && c.asked != ":0" && c.asked != "localhost:0") {
			t.Errorf("%q with password %q: log %s", c.asked, c.password, log.String())
		}
	}
}

// TestWindowIsForTheDefaultUser: HTTP without a name is the default user, with its rights
// and no others; wrong passwords leave the traces that AUTH leaves.
func TestWindowIsForTheDefaultUser(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	local := admin.Visitor{Local: true}
	for _, x := range []struct {
		rules string
		want  admin.Access
	}{{"-@all +ping +acl +info", admin.Metrics}, {"-info", admin.Forbidden}, {"+info +slowlog +hotkeys +bigkeys", admin.All}, {"+@all", admin.All}} {
		c.want("OK", append([]string{"ACL", "SETUSER", "default"}, strings.Fields(x.rules)...)...)
		if got := (*window)(s).Admit(local); got != x.want {
			t.Errorf("default with %s: %d, want %d", x.rules, got, x.want)
		}
	}
	c.want("OK", "ACL", "SETUSER", "u", "on", ">p", "+@all")
	named := admin.Visitor{Local: true, Named: true, User: "u", Password: "p", Addr: "127.0.0.1:1"}
	if got := (*window)(s).Admit(named); got != admin.All {
		t.Errorf("u: %d", got)
	}
	named.Password = "q"
	if got := (*window)(s).Admit(named); got != admin.Unknown {
		t.Errorf("u with a wrong password: %d", got)
	}
	if got := c.do("INFO", "stats"); !strings.Contains(got, "acl_access_denied_auth:1\r") {
		t.Error(got)
	}
	if got := c.do("ACL", "LOG"); !strings.Contains(got, "reason auth context toplevel object http username u") {
		t.Error(got)
	}
}
