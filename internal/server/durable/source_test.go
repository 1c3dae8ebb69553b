package durable

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

func TestRewriteTellsHowFarItIs(t *testing.T) {
	table, err := command.Build(command.All())
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var log strings.Builder
	opts := options.New()
	e := &exec.Env{Opts: opts, Table: table, Store: st, Host: &command.Host{}, Log: slog.New(slog.NewTextHandler(&log, nil)), Logs: observe.NewLogs(opts)}
	e.Limits.Store(&command.Limits{})
	e.Observers = make(exec.Observers, st.Shards())
	var fill []resp.Args
	for i := range 100 {
		fill = append(fill, resp.Args{[]byte("SET"), fmt.Append(nil, i), []byte("x")})
	}
	if n, err := exec.NewApplier(e).Apply(fill); n != len(fill) || err != nil {
		t.Fatal(n, err)
	}
	src := newRewriteSource(&Disk{Env: e}, nil)
	src.copy = snapshot.NewCopy(st, snapshot.Commands)
	if err := src.copy.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return st.BeginSnapshotAt(sink, nil) }); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	src.tell(begin, 10)
	src.tell(begin.Add(time.Second-1), 10)
	src.tell(begin.Add(time.Second), 10)
	for done := false; !done; {
		var err error
		if _, done, err = src.copy.Next(nil); err != nil {
			t.Fatal(err)
		}
	}
	src.tell(begin.Add(2*time.Second), 5)
	src.End()
	lines := regexp.MustCompile(`msg="rewriting the AOF" (.*)`).FindAllStringSubmatch(log.String(), -1)
	if len(lines) != 2 || lines[0][1] != "percent=0 bytes=30" || lines[1][1] != "percent=100 bytes=35" {
		t.Error(log.String())
	}
}
