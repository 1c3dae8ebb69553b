package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/tests/internal/harness"
)

// parted is an etcd of three members, whose first one is in a network namespace, and the others in another one: clients reach both, and
// the members each other by a link that can be cut.
type parted struct {
	t       *testing.T
	members [3]*harness.Etcd
	small   string // the namespace of the first one
	link    string // its end of the link
}

// startParted starts one, which takes root.
func startParted(t *testing.T) *parted {
	t.Helper()
	if os.Getuid() != 0 || exec.Command("ip", "netns", "list").Run() != nil {
		t.Skip("network namespaces take root, and ip")
	}
	pid := os.Getpid()
	p := &parted{t: t, small: fmt.Sprint("kring-small-", pid), link: fmt.Sprint("kp", pid)}
	large := fmt.Sprint("kring-large-", pid)
	at := func(n int) string { return fmt.Sprintf("10.241.%d.%d", pid%250, n) }
	for _, ns := range []string{p.small, large} {
		p.ip("netns add " + ns)
		t.Cleanup(func() { p.ip("netns del " + ns) }) // with its ends of links, and so the others
		p.ip("-n " + ns + " link set lo up")
	}
	for i, ns := range []string{p.small, large} {
		host, guest := fmt.Sprintf("kh%d%d", i, pid), fmt.Sprintf("kg%d%d", i, pid)
		p.ip(fmt.Sprintf("link add %s type veth peer name %s netns %s", host, guest, ns))
		p.ip(fmt.Sprintf("addr add %s/30 dev %s", at(4*i+1), host))
		p.ip(fmt.Sprintf("-n %s addr add %s/30 dev %s", ns, at(4*i+2), guest))
		p.ip("link set " + host + " up")
		p.ip("-n " + ns + " link set " + guest + " up")
	}
	other := fmt.Sprint("kq", pid)
	p.ip(fmt.Sprintf("-n %s link add %s type veth peer name %s netns %s", p.small, p.link, other, large))
	p.ip(fmt.Sprintf("-n %s addr add %s/30 dev %s", p.small, at(9), p.link))
	p.ip(fmt.Sprintf("-n %s addr add %s/30 dev %s", large, at(10), other))
	p.ip(fmt.Sprintf("-n %s link set %s up", large, other))
	p.heal()

	peers := [3]string{at(9) + ":2380", at(10) + ":2380", at(10) + ":2382"}
	clients := [3]string{at(2) + ":2379", at(6) + ":2379", at(6) + ":2381"}
	var names []string
	for i, peer := range peers {
		names = append(names, fmt.Sprintf("m%d=http://%s", i, peer))
	}
	type started struct {
		i   int
		e   *harness.Etcd
		err error
	}
	all, over := make(chan started, len(peers)), make(chan struct{})
	t.Cleanup(func() { close(over) })
	for i := range peers {
		ns, dir := large, t.TempDir()
		if i == 0 {
			ns = p.small
		}
		go func() { // its thread, which is in another namespace, goes with it, and the member with that
			runtime.LockOSThread()
			e, err := within(ns, func() (*harness.Etcd, error) {
				return harness.StartEtcd(dir, "-name", fmt.Sprint("m", i), "-peer", peers[i], "-client", clients[i], "-members", strings.Join(names, ","))
			})
			all <- started{i, e, err}
			<-over
		}()
	}
	for range peers {
		s := <-all
		if s.err != nil {
			t.Error(s.err)
			continue
		}
		p.members[s.i] = s.e
		t.Cleanup(func() { _ = s.e.Kill() })
	}
	if t.Failed() {
		t.FailNow()
	}
	return p
}

// within calls f in a network namespace, which processes that it starts are in, too.
func within(ns string, f func() (*harness.Etcd, error)) (*harness.Etcd, error) {
	fd, err := os.Open("/run/netns/" + ns)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	if err := unix.Setns(int(fd.Fd()), syscall.CLONE_NEWNET); err != nil {
		return nil, err
	}
	return f()
}

func (p *parted) ip(args string) {
	p.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		p.t.Fatalf("ip %s: %v\n%s", args, err, out)
	}
}

// cut cuts the first member off from the others, and heal ends that.
func (p *parted) cut()  { p.ip("-n " + p.small + " link set " + p.link + " down") }
func (p *parted) heal() { p.ip("-n " + p.small + " link set " + p.link + " up") }

// crown has the first member lead etcd, or one of the others.
func (p *parted) crown(first bool) {
	p.t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{p.members[0].Addr, p.members[1].Addr, p.members[2].Addr}, DialTimeout: patience})
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	awaitThat(p.t, func() (bool, string) {
		ctx, cancel := context.WithTimeout(p.t.Context(), crownTry) // etcd goes on waiting for a lead that was not taken
		defer cancel()
		var ids [3]uint64
		for i, m := range p.members {
			st, err := c.Status(ctx, m.Addr)
			if err != nil {
				return false, err.Error()
			}
			ids[i] = st.Header.MemberId
			if leads := st.Leader == ids[i]; leads && first == (i == 0) {
				return true, ""
			} else if !leads {
				continue
			}
			one, err := clientv3.New(clientv3.Config{Endpoints: []string{m.Addr}, DialTimeout: patience}) // the leader has to be asked
			if err != nil {
				return false, err.Error()
			}
			defer one.Close()
			next := p.members[1]
			if first {
				next = p.members[0]
			}
			to, err := c.Status(ctx, next.Addr)
			if err == nil {
				_, err = one.MoveLeader(ctx, to.Header.MemberId)
			}
			return false, fmt.Sprint("moved the lead: ", err)
		}
		return false, "nobody leads"
	})
}

// TestEtcdMembersParted cuts a member of etcd off from the other two. A primary that reaches that one alone stops before its lease ends, as
// its replica, which reaches the others, does not promise anything, and takes its place. If both reach that one alone there is nobody
// who could take a place: the primary goes on. All of it heals by itself, be it that the member was etcd's leader or not.
func TestEtcdMembersParted(t *testing.T) {
	p := startParted(t)
	list := func(toFirst, toOthers *bool) (coordinator string, set func()) {
		var proxies [3]*proxy
		var addrs []string
		for i, m := range p.members {
			proxies[i] = through(t, m.Addr)
			addrs = append(addrs, proxies[i].addr)
		}
		return "etcd://" + strings.Join(addrs, ",") + "/x", func() {
			for i, proxy := range proxies {
				proxy.set(i == 0 && !*toFirst || i > 0 && !*toOthers)
			}
		}
	}
	var reach [2]struct{ first, others bool }
	coordinatorA, setA := list(&reach[0].first, &reach[0].others)
	coordinatorB, setB := list(&reach[1].first, &reach[1].others)
	reach[0].first, reach[0].others, reach[1].first, reach[1].others = true, true, true, true
	a, b := run(t, coordinatorA), run(t, coordinatorB)
	form(t, 1, []*node{a, b})
	n := 0
	for _, first := range []bool{true, false} {
		t.Logf("the member that is cut off leads etcd: %v", first)
		p.crown(first)
		leader, other, at := a, b, 0
		if strings.HasPrefix(b.flat("role"), "[master") {
			leader, other, at = b, a, 1
		}
		leader.leads(t, "k")
		other.await(t, "info replication", "master_link_status:up")

		// Both reach the one that is cut off.
		p.cut()
		reach[0].others, reach[1].others = false, false
		setA()
		setB()
		goesOn(t, 4*lease, func() string {
			if got := leader.flat("set k 1"); got != "OK" {
				return "a primary whose replica reaches no quorum either: " + got
			}
			return ""
		})
		reach[0].others, reach[1].others = true, true
		setA()
		setB()
		p.heal()
		leader.await(t, "set k 2", "OK")
		other.await(t, "cluster nodes", "slave "+leader.id)
		awaitThat(t, func() (bool, string) { // the coordinator is used again
			got := leader.flat("cluster bumpepoch")
			return strings.HasPrefix(got, "BUMPED") || strings.HasPrefix(got, "STILL"), got
		})

		// The primary reaches the one that is cut off, and the replica the others.
		p.crown(first)
		leader.takesOver(t) // while etcd changes its leader, a lease may end
		other.await(t, "info replication", "master_link_status:up")
		leader.await(t, "set k 3", "OK")
		leader.await(t, "wait 1 60000", "1")
		p.cut()
		reach[at].others, reach[1-at].first = false, false
		setA()
		setB()
		begin := time.Now()
		awaitThat(t, func() (bool, string) {
			oneWrites(t, leader, other, &n)
			got := other.flat("set k 4")
			return got == "OK", got
		})
		t.Log("without a primary until ", time.Since(begin))
		if got := leader.flat("set k 5"); !strings.HasPrefix(got, "CLUSTERDOWN") && !strings.HasPrefix(got, "MOVED") {
			t.Error("the primary that was cut off: ", got)
		}
		reach[at].others, reach[1-at].first = true, true
		setA()
		setB()
		p.heal()
		leader.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(other.Port))
		leader.await(t, "info replication", "master_link_status:up")
		other.await(t, "wait 1 60000", "1")
	}
}
