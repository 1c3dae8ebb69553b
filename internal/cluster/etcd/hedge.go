package etcd

import (
	"context"
	"errors"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// hedgeAtMost is how long a member of etcd may take to answer before another one is asked as well, at most.
const hedgeAtMost = 500 * time.Millisecond

// hedged runs f, which asks a member of etcd, and must do the same however often it is done: the client takes the members in
// turn, and one that hangs would answer nothing before the time is over. While there is no answer, f runs again beside
// itself, once for each member at most. The first answer counts.
func hedged[T any](ctx context.Context, members int, f func(context.Context) (T, error)) (T, error) {
	within, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel() // ends those that have not answered
	end, _ := within.Deadline()
	rest := min(time.Until(end)/time.Duration(members+1), hedgeAtMost)
	type answer struct {
		is  T
		err error
	}
	answers := make(chan answer, members)
	next := time.NewTimer(0)
	defer next.Stop()
	for asked, failed := 0, 0; ; {
		select {
		case <-next.C:
			if asked == members {
				continue
			}
			asked++
			go func() {
				v, err := f(within)
				answers <- answer{v, err}
			}()
			next.Reset(rest)
		case a := <-answers:
			failed++
			if !errors.Is(a.err, cluster.ErrUnreachable) || failed == members || ctx.Err() != nil {
				return a.is, a.err
			}
			next.Reset(0)
		}
	}
}
