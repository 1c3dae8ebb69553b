package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/kringdb/kring/internal/cluster"
)

const (
	// requestTimeout is how long a request may take at most.
	requestTimeout = 5 * time.Second
	// aliveEvery is how often a silent connection is tried, aliveWithin when it is dead then. etcd
	// refuses clients that try more often than every 5 s.
	aliveEvery, aliveWithin = 6 * time.Second, 3 * time.Second
	// An etcd that cannot be reached is tried again after connectAfter, then more rarely, but at least every connectEvery: gRPC's
	// own rule would have a node come back minutes after etcd has.
	connectAfter, connectEvery = 100 * time.Millisecond, time.Second
)

// coordinator implements cluster.Coordinator.
type coordinator struct {
	cfg    clientv3.Config
	prefix string
	begun  atomic.Pointer[clientv3.Client] // nil: none yet
	mu     struct {
		sync.Mutex // one at a time makes the client, which may ask etcd; held for requestTimeout at most
		closed     bool
	}
}

// Open makes a client of an etcd, which need not be reachable. It fails if etcd lets no such user in.
func Open(r cluster.Remote) (cluster.Coordinator, error) {
	cfg := clientv3.Config{
		Endpoints: r.Endpoints, Username: r.User, Password: r.Password, DialTimeout: requestTimeout,
		DialKeepAliveTime: aliveEvery, DialKeepAliveTimeout: aliveWithin, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: connectAfter, Multiplier: 1.6, Jitter: 0.2, MaxDelay: connectEvery},
			MinConnectTimeout: requestTimeout,
		})},
	}
	if r.TLS {
		var err error
		if cfg.TLS, err = tlsConfig(r); err != nil {
			return nil, err
		}
	}
	c := &coordinator{cfg: cfg, prefix: r.Prefix}
	if _, err := c.client(context.Background()); err != nil && !errors.Is(err, cluster.ErrUnreachable) {
		return nil, err
	}
	return c, nil
}

// client is the client; with a user it can be made only when etcd can be reached.
func (c *coordinator) client(ctx context.Context) (*clientv3.Client, error) {
	if client := c.begun.Load(); client != nil {
		return client, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.begun.Load(); client != nil {
		return client, nil
	}
	if c.mu.closed {
		return nil, cluster.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, err := clientv3.New(c.cfg)
	if err != nil {
		return nil, failure(ctx, err)
	}
	c.begun.Store(client)
	return client, nil
}

func tlsConfig(r cluster.Remote) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.CAFile != "" {
		text, err := os.ReadFile(r.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", r.CAFile)
		}
	}
	if r.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}

// failure is the error of a request: that of its caller's context first.
func failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, rpctypes.ErrLeaseNotFound):
		return cluster.ErrLeaseEnded
	case errors.Is(err, rpctypes.ErrCompacted):
		return cluster.ErrCompacted
	}
	for _, refused := range []error{rpctypes.ErrAuthFailed, rpctypes.ErrAuthNotEnabled, rpctypes.ErrPermissionDenied, rpctypes.ErrUserEmpty} {
		if rpctypes.Error(err).Error() == refused.Error() {
			return fmt.Errorf("etcd: %w", err)
		}
	}
	return fmt.Errorf("etcd: %w: %w", cluster.ErrUnreachable, err)
}

// Read implements cluster.Coordinator.
func (c *coordinator) Read(ctx context.Context) (cluster.State, error) {
	r, err := hedged(ctx, len(c.cfg.Endpoints), func(within context.Context) (*clientv3.GetResponse, error) {
		client, err := c.client(within)
		if err != nil {
			return nil, err
		}
		r, err := client.Get(within, c.prefix, clientv3.WithPrefix())
		return r, failure(ctx, err)
	})
	if err != nil {
		return cluster.State{}, err
	}
	s := cluster.State{Revision: r.Header.Revision}
	for _, kv := range r.Kvs {
		s.Pairs = append(s.Pairs, cluster.Pair{Key: c.bare(kv.Key), Value: kv.Value, Revision: kv.ModRevision})
	}
	return s, nil
}

// bare is a key without the prefix.
func (c *coordinator) bare(key []byte) string { return strings.TrimPrefix(string(key), c.prefix) }

// Watch implements cluster.Coordinator.
func (c *coordinator) Watch(ctx context.Context, after int64, f func(cluster.Change) error) error {
	own, cancel := context.WithCancel(ctx)
	defer cancel() // ends the watch at etcd, too
	client, err := c.client(own)
	if err != nil {
		return err
	}
	for r := range client.Watch(clientv3.WithRequireLeader(own), c.prefix, clientv3.WithPrefix(), clientv3.WithRev(after+1)) {
		if err := r.Err(); err != nil {
			return failure(ctx, err)
		}
		if len(r.Events) == 0 {
			continue
		}
		change := cluster.Change{Revision: r.Events[len(r.Events)-1].Kv.ModRevision}
		for _, e := range r.Events {
			p := cluster.Pair{Key: c.bare(e.Kv.Key), Value: e.Kv.Value, Revision: e.Kv.ModRevision}
			change.Events = append(change.Events, cluster.Event{Pair: p, Deleted: e.Type == clientv3.EventTypeDelete})
		}
		if err := f(change); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.New("etcd: the watch has ended")
}

// Commit implements cluster.Coordinator.
func (c *coordinator) Commit(ctx context.Context, txn cluster.Txn) (int64, error) {
	var conditions []clientv3.Cmp
	for _, cond := range txn.If {
		conditions = append(conditions, clientv3.Compare(clientv3.ModRevision(c.prefix+cond.Key), "=", cond.Revision))
	}
	var ops []clientv3.Op
	for _, p := range txn.Put {
		var options []clientv3.OpOption
		if p.Lease != nil {
			options = append(options, clientv3.WithLease(p.Lease.(*lease).id))
		}
		ops = append(ops, clientv3.OpPut(c.prefix+p.Key, string(p.Value), options...))
	}
	for _, key := range txn.Delete {
		ops = append(ops, clientv3.OpDelete(c.prefix+key))
	}
	within, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	client, err := c.client(within)
	if err != nil {
		return 0, err
	}
	r, err := client.Txn(within).If(conditions...).Then(ops...).Commit()
	if err != nil {
		return 0, failure(ctx, err)
	}
	if !r.Succeeded {
		return 0, cluster.ErrConflict
	}
	return r.Header.Revision, nil
}

// Close implements cluster.Coordinator.
func (c *coordinator) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.closed = true
	if client := c.begun.Load(); client != nil {
		return client.Close()
	}
	return nil
}

// remoteLease is the API of leases itself: the client's own renewing tries again without a rest.
func remoteLease(client *clientv3.Client) pb.LeaseClient {
	return pb.NewLeaseClient(client.ActiveConnection())
}
