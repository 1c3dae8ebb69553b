package etcd

import (
	"context"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kringdb/kring/internal/cluster"
)

// lease implements cluster.Lease.
type lease struct {
	client  *clientv3.Client
	id      clientv3.LeaseID
	members int // of etcd
	until   atomic.Pointer[time.Time]
}

// Grant implements cluster.Coordinator. etcd counts in seconds, and has a least time to live of its own.
func (c *coordinator) Grant(ctx context.Context, ttl time.Duration) (cluster.Lease, error) {
	within, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	client, err := c.client(within)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	r, err := client.Grant(within, int64((ttl+time.Second-1)/time.Second))
	if err != nil {
		return nil, failure(ctx, err)
	}
	l := &lease{client: client, id: r.ID, members: len(c.cfg.Endpoints)}
	l.lasts(begin, r.TTL)
	return l, nil
}

// lasts notes that the lease had ttl seconds to live at a moment after begin.
func (l *lease) lasts(begin time.Time, ttl int64) {
	until := begin.Add(time.Duration(ttl) * time.Second)
	l.until.Store(&until)
}

// Until implements cluster.Lease.
func (l *lease) Until() time.Time { return *l.until.Load() }

// Renew implements cluster.Lease.
func (l *lease) Renew(ctx context.Context) error {
	_, err := hedged(ctx, l.members, func(within context.Context) (struct{}, error) { return struct{}{}, l.renew(ctx, within) })
	return err
}

// renew asks one member, by a stream that has one request and ends with within. ctx is its caller's.
func (l *lease) renew(ctx, within context.Context) error {
	begin := time.Now()
	stream, err := remoteLease(l.client).LeaseKeepAlive(clientv3.WithRequireLeader(within))
	if err == nil {
		err = stream.Send(&pb.LeaseKeepAliveRequest{ID: int64(l.id)})
	}
	var r *pb.LeaseKeepAliveResponse
	if err == nil {
		r, err = stream.Recv()
	}
	if err != nil {
		return failure(ctx, clientv3.ContextError(within, err))
	}
	if r.TTL <= 0 {
		return cluster.ErrLeaseEnded
	}
	l.lasts(begin, r.TTL)
	return nil
}

// Revoke implements cluster.Lease.
func (l *lease) Revoke(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err := l.client.Revoke(within, l.id)
	return failure(ctx, err)
}
