package compat

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFollowRedisTLS has Kring and redis-server follow each other, and Kring itself, over TLS with certificates on both sides,
// as a user that may do nothing else: a full copy, the stream, and the stream again after a cut. A replica that has the wrong
// password, or comes without TLS, gets nothing.
func TestFollowRedisTLS(t *testing.T) {
	oracle, subject := harness.OracleBin(t), harness.SubjectBin(t)
	for _, pair := range []struct{ name, primary, replica string }{
		{"Kring follows redis-server", oracle, subject}, {"redis-server follows Kring", subject, oracle}, {"Kring follows Kring", subject, subject},
	} {
		t.Run(pair.name, func(t *testing.T) { followByTLS(t, pair.primary, pair.replica) })
	}
}

func followByTLS(t *testing.T, primaryBin, replicaBin string) {
	files, err := harness.NewTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	primary := launchWith(t, primaryBin, t.TempDir(), append(serverArgs(), files.Args("--repl-diskless-sync-delay", "0", "--repl-backlog-size", "50mb")...)...)
	do := func(s *Side, line string) string {
		t.Helper()
		if err := s.connect(); err != nil {
			t.Fatal(err)
		}
		v, err := s.ctl.DoLine(line)
		if err != nil || v.IsError() {
			t.Fatalf("%s: %v, %v", line, v, err)
		}
		return v.Str
	}
	do(primary, "ACL SETUSER follower on >secret +psync +replconf +ping")
	large := strings.Repeat("0123456789abcdef", 200_000)
	write := func(round int) {
		for i := range 300 {
			do(primary, fmt.Sprintf("SET key%d:%d %s", round, i, large[:i*10+1]))
		}
		do(primary, fmt.Sprintf("SET large%d %s", round, large))
		do(primary, fmt.Sprintf("RPUSH list%d a b c", round))
	}
	write(0)
	follow := func(port int, password string, more ...string) *Side {
		t.Helper()
		args := append(serverArgs(), "--tls-cert-file", files.CertFile, "--tls-key-file", files.KeyFile, "--tls-ca-cert-file", files.CAFile,
			"--masteruser", "follower", "--masterauth", password, "--replicaof", "127.0.0.1", strconv.Itoa(port))
		return launchWith(t, replicaBin, t.TempDir(), append(args, more...)...)
	}
	replica := follow(files.Port, "secret", "--tls-replication", "yes")
	refused := []*Side{follow(files.Port, "wrong", "--tls-replication", "yes"), follow(files.Port, "secret")}
	awaitOffsets(t, primary, replica)
	write(1)
	awaitOffsets(t, primary, replica)
	partial := numberOf(t, primary, "sync_partial_ok")
	do(primary, "CLIENT KILL TYPE replica")
	write(2)
	for end := time.Now().Add(time.Minute); numberOf(t, primary, "sync_partial_ok") == partial; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the stream does not go on:\n%s\n%s", primary.Server.Output(), replica.Server.Output())
		}
	}
	awaitOffsets(t, primary, replica)
	compareDumps(t, "followed over TLS", dumpOf(t, primary), dumpOf(t, replica))
	for _, s := range refused {
		if up, n := do(s, "INFO replication"), numberOf(t, primary, "sync_full"); !strings.Contains(up, "master_link_status:down") || n != 1 {
			t.Errorf("after %d full copies a replica that is to be refused says %s", n, up)
		}
		endSide(t, s)
	}
	endSide(t, replica)
	endSide(t, primary)
}
