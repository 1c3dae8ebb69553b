package etcd

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// TestHedged: a member that hangs, or that fails, is not waited for when another one answers; what cannot be done is told once all
// have been asked, and what must not be tried again at once.
func TestHedged(t *testing.T) { synctest.Test(t, testHedged) }

func testHedged(t *testing.T) {
	hang := func(within context.Context) (int, error) {
		<-within.Done()
		return 0, cluster.ErrUnreachable
	}
	answers := func(is int, err error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return is, err }
	}
	refused := errors.New("refused")
	for _, c := range []struct {
		name    string
		members []func(context.Context) (int, error)
		is      int
		err     error
		asked   int32
	}{
		{"all is well", []func(context.Context) (int, error){answers(1, nil), hang, hang}, 1, nil, 1},
		{"the first hangs", []func(context.Context) (int, error){hang, answers(2, nil), hang}, 2, nil, 2},
		{"two hang", []func(context.Context) (int, error){hang, hang, answers(3, nil)}, 3, nil, 3},
		{"one is gone", []func(context.Context) (int, error){answers(0, cluster.ErrUnreachable), answers(2, nil), hang}, 2, nil, 2},
		{"all are gone", []func(context.Context) (int, error){answers(0, cluster.ErrUnreachable), answers(0, cluster.ErrUnreachable)}, 0, cluster.ErrUnreachable, 2},
		{"the lease has ended", []func(context.Context) (int, error){answers(0, cluster.ErrLeaseEnded), answers(2, nil)}, 0, cluster.ErrLeaseEnded, 1},
		{"it is refused", []func(context.Context) (int, error){answers(0, refused), answers(2, nil)}, 0, refused, 1},
	} {
		var asked atomic.Int32
		is, err := hedged(t.Context(), len(c.members), func(within context.Context) (int, error) {
			n := asked.Add(1)
			if int(n) > len(c.members) {
				return 0, errors.New("asked once too often")
			}
			return c.members[n-1](within)
		})
		if is != c.is || !errors.Is(err, c.err) || asked.Load() != c.asked {
			t.Errorf("%s: %d, %v after %d", c.name, is, err, asked.Load())
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := hedged(ctx, 3, func(within context.Context) (int, error) {
		<-within.Done()
		return 0, failure(ctx, within.Err())
	}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("after its caller's time: ", err)
	}
}
