package crash

import (
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestSecondServer: a second process on the directory of an AOF ends with exit code 1 and says
// why; after a kill -9 of the first nothing stands in the way.
func TestSecondServer(t *testing.T) {
	cfg := harness.Config{Bin: harness.SubjectBin(t), Dir: t.TempDir(), Args: []string{"--appendonly", "yes"}}
	for range 3 {
		first, err := harness.Launch(cfg)
		if err != nil {
			t.Fatal(err)
		}
		second, err := harness.Spawn(cfg)
		if err != nil {
			t.Fatal(err)
		}
		code, err := second.Wait(time.Minute)
		if err != nil || code != 1 || !strings.Contains(second.Output(), "another server has it open") {
			t.Errorf("exit code %d, %v:\n%s", code, err, second.Output())
		}
		c, err := first.Dial()
		if err != nil {
			t.Fatal(err)
		}
		if v, err := c.Do("INCR", "n"); err != nil || v.IsError() {
			t.Error(v, err)
		}
		_ = c.Close()
		if err := first.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	last, err := harness.Launch(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer last.Kill()
	c, err := last.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n := number(t, c, "GET", "n"); n != 3 {
		t.Errorf("%d of 3 changes are there", n)
	}
}
