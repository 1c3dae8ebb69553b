package server

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/command"
)

// TestEveryWorkerRunsLongCalls: calls that their cost sends to the slow lane are answered by
// whichever worker takes them.
func TestEveryWorkerRunsLongCalls(t *testing.T) {
	c := dial(t, startServer(t))
	args := []string{"ZADD", "z"}
	for i := range command.SlowCost + 1 {
		args = append(args, fmt.Sprint(i), fmt.Sprint(i))
	}
	c.want(fmt.Sprint(command.SlowCost+1), args...)
	for range 3 * workerCount {
		c.want(fmt.Sprint(command.SlowCost+1), "ZINTERCARD", "1", "z")
		c.want("PONG", "PING")
	}
	c.want("0", "ZREMRANGEBYRANK", "z", "100000", "100001")
}
