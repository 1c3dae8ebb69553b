package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// half is how many slots are moved: the lower ones, and so half of the keys.
const half = slots / 2

// Keys of the last slot, which stays, and of the first one, which is moved.
const (
	stays = "{39296}k"
	goes  = "{3560}k"
)

// moves measures moving half of a node's keys to another node.
func moves(s *kit.Servers, o *options, t *table) error {
	etcd, end, err := startEtcd()
	if err != nil {
		return err
	}
	defer end()
	ours, err := moveOne(s.Kring, "etcd://"+etcd.Addr+"/move", o, migrate)
	if err != nil {
		return err
	}
	s.End()
	redis, err := moveOne(s.Redis, "", o, reshard)
	if err != nil {
		return err
	}
	ratio := ours.took.Seconds() / redis.took.Seconds()
	t.line(ratio <= moveBound, "%-52s %10.3f s %11.3f s  ratio %.3f (at most %.2f)", fmt.Sprintf("move of %d keys, against redis-cli's reshard", o.moved),
		ours.took.Seconds(), redis.took.Seconds(), ratio, moveBound)
	t.within("slowest GET of a slot that stays meanwhile", ours.slowestGet, otherBound)
	t.within("longest time without a SET of a slot that goes", ours.longestGap, pauseBound)
	fmt.Printf("  redis-server: slowest GET %v, without a SET %v; the machine's own longest pause %v\n",
		redis.slowestGet.Round(time.Microsecond), redis.longestGap.Round(time.Microsecond), ours.machine.Round(time.Microsecond))
	return nil
}

// moved is what was seen of a move.
type moved struct{ took, slowestGet, longestGap, machine time.Duration }

// moveOne makes a cluster of two nodes, and measures a move between them.
func moveOne(launch func(args ...string) (*harness.Server, error), coordinator string, o *options, move func(a, b *harness.Server, id string) error) (m moved, err error) {
	a, err := node(launch, coordinator)
	if err != nil {
		return m, err
	}
	b, err := node(launch, coordinator)
	if err != nil {
		return m, err
	}
	if err := alone(a); err != nil {
		return m, err
	}
	if err := introduce(b, a); err != nil {
		return m, err
	}
	id, err := ask(b, "cluster myid")
	if err != nil {
		return m, err
	}
	if err := until(a, "cluster nodes", id); err != nil {
		return m, err
	}
	if err := kit.Fill(a, kit.FillSpec{Keys: 2 * o.moved, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}); err != nil {
		return m, err
	}
	get, set := timer{}, timer{other: b}
	crowd := kit.NewCrowd()
	crowd.Add(a, 1, func(c *rawclient.Client) error { return get.call(c, "GET", stays) })
	crowd.Add(a, 1, func(c *rawclient.Client) error { return set.call(c, "SET", goes, "v") })
	time.Sleep(100 * time.Millisecond)
	canary, begin := kit.NewCanary(), time.Now()
	err = move(a, b, id)
	m.took = time.Since(begin)
	time.Sleep(100 * time.Millisecond)
	m.machine = canary.End()
	err = errors.Join(err, crowd.End())
	m.slowestGet, m.longestGap = get.longest, set.longest
	return m, err
}

// introduce has a node meet another one.
func introduce(b, a *harness.Server) error {
	line := fmt.Sprint("cluster meet 127.0.0.1 ", a.Port)
	nodes, err := ask(a, "cluster nodes")
	if err != nil {
		return err
	}
	if _, bus, ok := strings.Cut(strings.Fields(nodes)[1], "@"); ok {
		bus, _, _ = strings.Cut(bus, ",")
		line += " " + bus
	}
	if _, err := ask(b, line); err != nil {
		return err
	}
	return until(b, "cluster info", "cluster_state:ok")
}

// timer takes the longest time from one good reply to the next.
type timer struct {
	other   *harness.Server   // where the slot goes, nil: it stays
	moved   *rawclient.Client // to other, when calls are sent there
	last    time.Time
	longest time.Duration
}

// call sends one call, to where the last one was sent to.
func (m *timer) call(c *rawclient.Client, words ...string) error {
	if m.last.IsZero() {
		m.last = time.Now()
	}
	if m.moved != nil {
		c = m.moved
	}
	v, err := c.Do(words...)
	switch {
	case err != nil:
		return err
	case v.IsError() && strings.HasPrefix(v.Str, "MOVED") && m.other != nil && m.moved == nil:
		m.moved, err = m.other.Dial()
		return err
	case v.IsError() && strings.HasPrefix(v.Str, "ASK") && m.other != nil:
		return m.asked(words)
	case v.IsError() && strings.HasPrefix(v.Str, "TRYAGAIN"):
		return nil
	case v.IsError():
		return errors.New(v.Str)
	}
	m.good()
	return nil
}

// asked sends a call to where its slot goes.
func (m *timer) asked(words []string) error {
	c, err := m.other.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Do("ASKING"); err != nil {
		return err
	}
	v, err := c.Do(words...)
	if err == nil && !v.IsError() {
		m.good()
	}
	return err
}

// good notes a good reply.
func (m *timer) good() {
	now := time.Now()
	m.longest = max(m.longest, now.Sub(m.last))
	m.last = now
}

// migrate moves by CLUSTER MIGRATESLOTS.
func migrate(a, b *harness.Server, id string) error {
	if _, err := ask(a, fmt.Sprintf("cluster migrateslots slotsrange 0 %d node %s", half-1, id)); err != nil {
		return err
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(poll) {
		text, err := ask(b, "cluster getslotmigrations")
		switch {
		case err != nil:
			return err
		case strings.Contains(text, "success"):
			return nil
		case strings.Contains(text, "failed"), strings.Contains(text, "cancelled"):
			return errors.New(text)
		}
	}
	return errors.New("the move does not end")
}

// reshard moves by redis-cli.
func reshard(a, _ *harness.Server, id string) error {
	from, err := ask(a, "cluster myid")
	if err != nil {
		return err
	}
	out, err := exec.Command("redis-cli", "--cluster", "reshard", a.Addr, "--cluster-from", from, "--cluster-to", id,
		"--cluster-slots", strconv.Itoa(half), "--cluster-yes").CombinedOutput()
	if err != nil {
		return fmt.Errorf("redis-cli --cluster reshard: %w\n%s", err, out[max(0, len(out)-1000):])
	}
	return nil
}
