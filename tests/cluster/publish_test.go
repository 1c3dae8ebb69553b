//go:build unix

package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// listen subscribes to a channel at each node; shard: to a shard channel.
func listen(t *testing.T, nodes []*node, shard bool, channel string) (all []<-chan *redis.Message) {
	t.Helper()
	for _, n := range nodes {
		subscribe := n.c.Subscribe
		if shard {
			subscribe = n.c.SSubscribe
		}
		ps := subscribe(context.Background(), channel)
		t.Cleanup(func() { _ = ps.Close() })
		if _, err := ps.Receive(context.Background()); err != nil {
			t.Fatal(err)
		}
		all = append(all, ps.Channel(redis.WithChannelSize(10_000)))
	}
	return all
}

// heard waits for the next message.
func heard(t *testing.T, c <-chan *redis.Message) string {
	t.Helper()
	select {
	case m := <-c:
		return m.Payload
	case <-time.After(patience):
		t.Fatal("no message")
	}
	return ""
}

// TestPublish: what is published at any node comes to the listeners of all, each publisher's messages once and in their order; a
// shard channel's to those of the shard. The reply counts those of the node itself.
func TestPublish(t *testing.T) {
	shared := "file:" + filepath.Join(t.TempDir(), "topology.json")
	var nodes []*node
	for range 6 {
		nodes = append(nodes, run(t, shared))
	}
	form(t, 3, nodes)
	for _, n := range nodes {
		n.say(t, "acl setuser link on >secret allchannels +@all")
		n.say(t, "config set masteruser link masterauth secret")
	}
	ears := listen(t, nodes, false, "news")
	const messages = 500
	for at, n := range nodes {
		p := n.c.Pipeline()
		for i := range messages {
			p.Publish(t.Context(), "news", fmt.Sprintf("%d %d", at, i))
		}
		counts, err := p.Exec(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			if got := c.(*redis.IntCmd).Val(); got != 1 {
				t.Fatalf("%d have heard it at the node itself", got)
			}
		}
	}
	for _, ear := range ears {
		var next [6]int
		for range messages * len(nodes) {
			var at, i int
			if _, err := fmt.Sscan(heard(t, ear), &at, &i); err != nil || next[at] != i {
				t.Fatalf("message %d of node %d after %d: %v", i, at, next[at], err)
			}
			next[at]++
		}
	}
	// Slot 3300, of the first shard.
	ears = listen(t, []*node{nodes[0], nodes[3]}, true, "b")
	for i, n := range []*node{nodes[0], nodes[3]} {
		if got := n.say(t, fmt.Sprint("spublish b ", i)); got != "1" {
			t.Fatal(got)
		}
		for _, ear := range ears {
			if got := heard(t, ear); got != fmt.Sprint(i) {
				t.Errorf("%q, not %d", got, i)
			}
		}
	}
	if got := nodes[0].flat("cluster links"); strings.Count(got, "direction:to") != 5 || strings.Count(got, "direction:from") != 5 {
		t.Error(got)
	}
	if got := nodes[0].flat("client list"); strings.Count(got, "cmd=cluster|relay user=link") != 5 {
		t.Error(got)
	}
	for _, want := range []string{"cluster_stats_messages_publish_sent:2500", "cluster_stats_messages_publish_received:2500", "cluster_stats_messages_publishshard_sent:1"} {
		if got := nodes[0].flat("cluster info"); !strings.Contains(got, want) {
			t.Errorf("no %s: %s", want, got)
		}
	}
	// A node that is gone holds up nobody, and is sent messages again when it is back.
	nodes[5].kill()
	ears = listen(t, nodes[:1], false, "gone")
	for i := range 10 {
		nodes[4].say(t, fmt.Sprint("publish gone ", i))
		if got := heard(t, ears[0]); got != fmt.Sprint(i) {
			t.Errorf("%q, not %d", got, i)
		}
	}
	nodes[5].launch(t)
	nodes[5].say(t, "acl setuser link on >secret allchannels +@all")
	ears = listen(t, nodes[5:], false, "back")
	awaitThat(t, func() (bool, string) {
		nodes[4].say(t, "publish back x")
		select {
		case <-ears[0]:
			return true, ""
		case <-time.After(20 * time.Millisecond):
			return false, "a node that is back hears nothing"
		}
	})
}
