package browser

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

const (
	// trafficPause is the pause between two bursts of calls.
	trafficPause = 20 * time.Millisecond
	// HitPercent is how many of a hundred reads of Traffic find their key.
	HitPercent = 80
	// HotKey is the key that Traffic reads most, BigKey the largest that it writes.
	HotKey, BigKey = "session:alice", "feed:front-page"
)

// Prepare writes some keys of each type.
func Prepare(c *rawclient.Client) error {
	n := 0
	queue := func(args ...string) { c.Queue(args...); n++ }
	for i := range 2000 {
		queue("SET", fmt.Sprintf("user:%d", i), strings.Repeat("x", 40+i%100))
		queue("HSET", fmt.Sprintf("cart:%d", i%200), fmt.Sprintf("item%d", i), "1")
		queue("ZADD", "scores", strconv.Itoa(i), fmt.Sprintf("player%d", i))
		queue("SADD", fmt.Sprintf("tags:%d", i%50), fmt.Sprintf("tag%d", i))
	}
	for range 300 {
		queue("RPUSH", BigKey, strings.Repeat("story ", 200))
	}
	for i := range 200 {
		queue("XADD", "events", "*", "n", strconv.Itoa(i))
	}
	queue("SET", HotKey, "logged in")
	_, err := c.Exchange(n)
	return err
}

// Traffic calls commands as the users of a web application would, until stop is closed.
func Traffic(c *rawclient.Client, stop <-chan struct{}) error {
	for round := 0; ; round++ {
		n := 0
		queue := func(args ...string) { c.Queue(args...); n++ }
		// A wave, so that the charts have something to show.
		calls := 20 + 15*(round/25%3) + rand.IntN(10)
		for i := range calls {
			user := fmt.Sprintf("user:%d", rand.IntN(2000))
			if rand.IntN(100) >= HitPercent {
				user = fmt.Sprintf("nobody:%d", rand.IntN(2000))
			}
			queue("GET", user)
			switch i % 8 {
			case 0:
				queue("SET", fmt.Sprintf("user:%d", rand.IntN(2000)), strings.Repeat("y", 60))
			case 2:
				queue("HSET", fmt.Sprintf("cart:%d", rand.IntN(200)), fmt.Sprintf("item%d", rand.IntN(30)), "2")
			case 4:
				queue("ZINCRBY", "scores", "1", fmt.Sprintf("player%d", rand.IntN(2000)))
			case 6:
				queue("SETEX", fmt.Sprintf("code:%d", rand.IntN(1e6)), "1", "123456")
			}
		}
		for range calls / 2 {
			queue("TOUCH", HotKey)
		}
		if _, err := c.Exchange(n); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-time.After(trafficPause):
		}
	}
}
