package window

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// poll is how often a node is asked again.
const poll = 100 * time.Millisecond

// TestCluster: the page of a node has its cluster: the shards with their slots, who leads, replicas and how far they are behind, moves
// and what came of them, and who is gone.
func TestCluster(t *testing.T) {
	args := []string{"--cluster-enabled", "yes", "--cluster-coordinator", "file:" + filepath.Join(t.TempDir(), "topology.json"),
		"--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"}
	r := start(t, append(args, "--cluster-config-file", filepath.Join(t.TempDir(), "nodes.conf"))...)
	b, replica := harness.Start(t, r.cfg.Bin, args...), harness.Start(t, r.cfg.Bin, args...)
	say := func(s *harness.Server, line, want string) {
		t.Helper()
		got := ""
		for range 600 {
			if got = s.Say(line); strings.Contains(got, want) {
				return
			}
			time.Sleep(poll)
		}
		t.Fatalf("%s: %q, not %q", line, got, want)
	}
	id := func(s *harness.Server) string { return s.Say("cluster myid") }
	port := func(s *harness.Server) string { return s.Addr[strings.LastIndexByte(s.Addr, ':')+1:] }
	say(r.srv, "cluster addslotsrange 0 9999", "OK")
	say(b, "cluster addslotsrange 10000 16383", "OK")
	for _, s := range []*harness.Server{b, replica} {
		say(s, "cluster meet 127.0.0.1 "+port(r.srv), "OK")
	}
	say(replica, "cluster replicate "+id(r.srv), "OK")
	say(replica, "info replication", "master_link_status:up")
	say(r.srv, "cluster info", "cluster_state:ok")

	r.ok(r.page.Size(1280, 900, false, false))
	r.ok(r.page.Open("http://" + r.host + "/"))
	r.await(`document.getElementById("status").textContent === "live"`)
	// row waits for a row of a table that has these texts in its first and its other cells.
	row := func(table, first string, others ...string) {
		t.Helper()
		cond := fmt.Sprintf(`tr.cells[0].textContent === %q`, first)
		for _, o := range others {
			cond += fmt.Sprintf(` && [...tr.cells].some((td) => td.textContent === %q)`, o)
		}
		r.await(fmt.Sprintf(`[...document.querySelectorAll("#%s tr")].some((tr) => %s)`, table, cond))
	}
	row("cluster", r.srv.Addr+" (this one)", "primary", "10000: 0-9999")
	row("cluster", b.Addr, "primary", "6384: 10000-16383")
	row("cluster", replica.Addr, "replica", "–")
	row("replication", replica.Addr, "online", "0 B")
	r.await(`document.body.innerText.includes("No slots have moved lately.")`)
	r.calm()
	r.fits(1280)

	say(r.srv, "cluster migrateslots slotsrange 0 99 200 299 node "+id(b), "OK")
	row("moves", "200", "to "+b.Addr, "success")
	row("cluster", r.srv.Addr+" (this one)", "9800: 100-199 300-9999")
	row("cluster", b.Addr, "6584: 0-99 200-299 10000-16383")

	r.ok(r.page.Size(390, 844, true, true))
	r.await(`innerWidth === 390`)
	r.fits(390)
	r.ok(replica.Stop())
	row("cluster", replica.Addr, "failed")
	r.ok(b.Stop())
	row("cluster", b.Addr, "failed")
	r.calm()
}
