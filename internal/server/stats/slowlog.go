package stats

import (
	"fmt"
	"sync"

	"github.com/kringdb/kring/command"
)

// SlowLog keeps the latest slow calls. Any goroutine may use it.
type SlowLog struct {
	mu struct {
		sync.Mutex
		calls  []command.SlowCall // the newest last
		nextID int64
	}
}

// Add keeps a call, whose arguments are copied as far as the log shows them; most is
// slowlog-max-len.
func (l *SlowLog) Add(c command.SlowCall, args [][]byte, most int) {
	c.Args = trimArgs(args)
	l.mu.Lock()
	defer l.mu.Unlock()
	c.ID = l.mu.nextID
	l.mu.nextID++
	l.mu.calls = append(l.mu.calls, c)
	if over := len(l.mu.calls) - max(most, 0); over > 0 {
		l.mu.calls = append([]command.SlowCall(nil), l.mu.calls[over:]...)
	}
}

// trimArgs copies at most maxSlowArgs arguments of at most maxSlowArgBytes, and says
// what is left out.
func trimArgs(args [][]byte) []string {
	n := min(len(args), maxSlowArgs)
	out := make([]string, n)
	for i := range out {
		switch a := args[i]; {
		case n < len(args) && i == n-1:
			out[i] = fmt.Sprintf("... (%d more arguments)", len(args)-n+1)
		case len(a) > maxSlowArgBytes:
			out[i] = fmt.Sprintf("%s... (%d more bytes)", a[:maxSlowArgBytes], len(a)-maxSlowArgBytes)
		default:
			out[i] = string(a)
		}
	}
	return out
}

// Latest returns up to n calls, the newest first; all for a negative n.
func (l *SlowLog) Latest(n int) []command.SlowCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > len(l.mu.calls) {
		n = len(l.mu.calls)
	}
	out := make([]command.SlowCall, n)
	for i := range out {
		out[i] = l.mu.calls[len(l.mu.calls)-1-i]
	}
	return out
}

// Len returns the number of calls.
func (l *SlowLog) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.mu.calls)
}

// Reset forgets all calls; numbering goes on.
func (l *SlowLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.calls = nil
}
