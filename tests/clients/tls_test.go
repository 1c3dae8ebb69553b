package clients

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/internal/testcert"
	"github.com/kringdb/kring/tests/internal/harness"
)

// startTLS runs the subject with a TLS port beside the plain one.
func startTLS(t *testing.T, auth string) (*harness.Server, *harness.TLS) {
	t.Helper()
	files, err := harness.NewTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return start(t, files.Args("--tls-auth-clients", auth)...), files
}

// tlsTool runs a program of Redis's against the TLS port.
func tlsTool(f *harness.TLS, name string, args ...string) (string, error) {
	out, err := exec.Command(name, append([]string{"-p", strconv.Itoa(f.Port), "--tls", "--cacert", f.CAFile}, args...)...).CombinedOutput()
	return string(out), err
}

func TestCLIOverTLS(t *testing.T) {
	_, f := startTLS(t, "no")
	for _, c := range []struct{ args, want string }{
		{"PING", "PONG\n"},
		{"SET k v", "OK\n"},
		{"-3 GET k", "v\n"},
		{"--sni localhost GET k", "v\n"},
		{"--insecure GET k", "v\n"},
		{"--tls-ciphersuites TLS_CHACHA20_POLY1305_SHA256 GET k", "v\n"},
		{"-r 3 INCR n", "1\n2\n3\n"},
	} {
		if got, err := tlsTool(f, "redis-cli", strings.Fields(c.args)...); err != nil || strings.TrimRight(got, "\n") != strings.TrimRight(c.want, "\n") {
			t.Errorf("redis-cli --tls %s: %v\n got %q\nwant %q", c.args, err, got, c.want)
		}
	}
	stranger, err := testcert.NewCA("stranger")
	if err != nil {
		t.Fatal(err)
	}
	cert, _, err := stranger.Write(f.Dir, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tlsTool(f, "redis-cli", "--cacert", cert, "PING"); err == nil || strings.Contains(got, "PONG") {
		t.Errorf("a server of another authority: %q", got)
	}
}

func TestCLIClientCertificates(t *testing.T) {
	s, f := startTLS(t, "yes")
	cert, key, err := f.Issue("client", testcert.Spec{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	oldCert, oldKey, err := f.Issue("old", testcert.Spec{Name: "old", Expired: true})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, in bool, args ...string) {
		t.Helper()
		if got, err := tlsTool(f, "redis-cli", append(args, "PING")...); (err == nil && got == "PONG\n") != in {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	check("required, none", false)
	check("required, shown", true, "--cert", cert, "--key", key)
	check("required, expired", false, "--cert", oldCert, "--key", oldKey)
	cli(t, s, "CONFIG", "SET", "tls-auth-clients", "optional")
	check("optional, none", true)
	check("optional, shown", true, "--cert", cert, "--key", key)
	check("optional, expired", false, "--cert", oldCert, "--key", oldKey)
}

func TestBenchmarkOverTLS(t *testing.T) {
	_, f := startTLS(t, "no")
	out, err := tlsTool(f, "redis-benchmark", "-t", "set,get,lpush,lrange_100", "-n", "2000", "-c", "20", "-P", "4", "--csv")
	if err != nil || strings.Contains(out, "Error") || strings.Count(out, "\n") < 5 {
		t.Errorf("redis-benchmark --tls: %v\n%s", err, out)
	}
}

func TestGoRedisOverTLS(t *testing.T) {
	s, f := startTLS(t, "yes")
	cert, key, err := f.Issue("client", testcert.Spec{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	conf, err := f.Config(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, proto := range []int{2, 3} {
		c, ctx := connect(t, &redis.Options{Addr: f.Addr, Protocol: proto, TLSConfig: conf, PoolSize: 20})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				name := fmt.Sprintf("k%d", i)
				for j := range 50 {
					if err := c.Set(ctx, name, j, 0).Err(); err != nil {
						t.Error(err)
						return
					}
				}
				if got, err := c.Get(ctx, name).Int(); err != nil || got != 49 {
					t.Errorf("%s is %d, %v", name, got, err)
				}
			})
		}
		wg.Wait()
		pipe := c.TxPipeline()
		pipe.Incr(ctx, "n")
		pipe.SetRange(ctx, "large", 3<<20, "end")
		if _, err := pipe.Exec(ctx); err != nil {
			t.Errorf("proto %d: MULTI: %v", proto, err)
		}
		if text, err := c.Get(ctx, "large").Result(); err != nil || len(text) != 3<<20+3 || !strings.HasSuffix(text, "end") {
			t.Errorf("proto %d: a large value: %d bytes, %v", proto, len(text), err)
		}
		sub := c.Subscribe(ctx, "news")
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		plain, _ := connect(t, &redis.Options{Addr: s.Addr})
		if n, err := plain.Publish(ctx, "news", "hello").Result(); err != nil || n != 1 {
			t.Errorf("proto %d: PUBLISH: %d, %v", proto, n, err)
		}
		if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "hello" {
			t.Errorf("proto %d: %v, %v", proto, m, err)
		}
		_ = sub.Close()
	}
	bare, err := f.Config("", "")
	if err != nil {
		t.Fatal(err)
	}
	c, ctx := connect(t, &redis.Options{Addr: f.Addr, TLSConfig: bare, MaxRetries: -1})
	if err := c.Ping(ctx).Err(); err == nil {
		t.Error("a client without certificate was served")
	}
	// A plain client at the TLS port fails soon, and does no harm.
	p, ctx := connect(t, &redis.Options{Addr: f.Addr, MaxRetries: -1})
	if err := p.Ping(ctx).Err(); err == nil {
		t.Error("the TLS port spoke plain")
	}
	if got := cli(t, s, "PING"); got != "PONG\n" {
		t.Errorf("the plain port: %q", got)
	}
}
