//go:build unix

package cluster

import (
	"context"
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// atOnce is how many tests may run at once, whatever processors there are: most of their time they wait for leases to end.
const atOnce = 6

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // nodes that are gone are what is tested
	flag.Parse()
	if n, err := strconv.Atoi(flag.Lookup("test.parallel").Value.String()); err == nil && n < atOnce {
		_ = flag.Set("test.parallel", strconv.Itoa(atOnce))
	}
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

// silence is a log that nobody reads.
type silence struct{}

// Printf implements go-redis' logger.
func (silence) Printf(context.Context, string, ...any) {}

// startEtcd starts an etcd for the length of a test.
func startEtcd(t *testing.T, args ...string) *harness.Etcd {
	t.Helper()
	e, err := harness.StartEtcd(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Kill() })
	return e
}
