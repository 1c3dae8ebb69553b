//go:build unix

package cluster

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/cluster/clustertest"
	"github.com/kringdb/kring/internal/cluster/etcd"
	"github.com/kringdb/kring/internal/testcert"
	"github.com/kringdb/kring/tests/internal/harness"
)

// open opens a coordinator for the length of a test.
func open(t *testing.T, r cluster.Remote) cluster.Coordinator {
	t.Helper()
	c, err := etcd.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestContract: etcd is a coordinator like the others. Each test has a prefix of its own.
func TestContract(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	var count atomic.Int64
	clustertest.Contract(t, func(t *testing.T) cluster.Coordinator {
		return open(t, cluster.Remote{Endpoints: []string{e.Addr}, Prefix: "test" + strings.Repeat("x", int(count.Add(1))) + "/"})
	})
}

// TestEtcdCompacted: who wants changes that etcd has forgotten is told to read again.
func TestEtcdCompacted(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	c := open(t, cluster.Remote{Endpoints: []string{e.Addr}, Prefix: "p/"})
	var last int64
	for range 3 {
		var err error
		if last, err = c.Commit(t.Context(), cluster.Txn{Put: []cluster.Put{{Key: "a", Value: []byte("1")}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := admin(t, clientv3.Config{Endpoints: []string{e.Addr}}).Compact(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if err := c.Watch(t.Context(), last-2, func(cluster.Change) error { return errors.New("a change") }); !errors.Is(err, cluster.ErrCompacted) {
		t.Error(err)
	}
}

// TestEtcdComesBack: who could not reach etcd for a while reaches it soon when it is back: connecting is not tried ever more rarely.
func TestEtcdComesBack(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	p := through(t, e.Addr)
	c := open(t, cluster.Remote{Endpoints: []string{p.addr}, Prefix: "p/"})
	read := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := c.Read(ctx)
		return err
	}
	awaitThat(t, func() (bool, string) { return read() == nil, "etcd does not reply" })
	p.set(true)
	for end := time.Now().Add(backIn); time.Now().Before(end); {
		if read() == nil {
			t.Fatal("it replies through a connection that is cut")
		}
	}
	w := watch()
	defer w.end()
	p.set(false)
	begin := time.Now()
	awaitThat(t, func() (bool, string) { return read() == nil, "etcd does not reply again" })
	if d := w.between(begin, time.Now()); d > backWithin {
		t.Errorf("it took %v", d)
	}
}

const (
	// backIn is for how long etcd is away, and backWithin how long it may take to reach it again.
	backIn     = 9700 * time.Millisecond
	backWithin = 2 * time.Second
)

// admin is a plain client of etcd for the length of a test.
func admin(t *testing.T, cfg clientv3.Config) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestEtcdTLSAndUsers: only who has a certificate, and the password of a user who may use the prefix.
func TestEtcdTLSAndUsers(t *testing.T) {
	t.Parallel()
	files, err := harness.NewTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := files.Issue("node", testcert.Spec{Name: "node"})
	if err != nil {
		t.Fatal(err)
	}
	e := startEtcd(t, "-cert", files.CertFile, "-key", files.KeyFile, "-ca", files.CAFile)
	cfg, err := files.Config(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	root := admin(t, clientv3.Config{Endpoints: []string{e.Addr}, TLS: cfg})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, step := range []func() error{
		func() error { _, err := root.UserAdd(ctx, "root", "secret"); return err },
		func() error { _, err := root.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := root.RoleAdd(ctx, "kring"); return err },
		func() error {
			_, err := root.RoleGrantPermission(ctx, "kring", "mine/", clientv3.GetPrefixRangeEnd("mine/"), clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		},
		func() error { _, err := root.UserAdd(ctx, "kring", "password"); return err },
		func() error { _, err := root.UserGrantRole(ctx, "kring", "kring"); return err },
		func() error { _, err := root.AuthEnable(ctx); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	good := cluster.Remote{
		Endpoints: []string{e.Addr}, Prefix: "mine/", TLS: true, User: "kring", Password: "password", CAFile: files.CAFile, CertFile: cert, KeyFile: key,
	}
	c := open(t, good)
	lease, err := c.Grant(ctx, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Commit(ctx, cluster.Txn{Put: []cluster.Put{{Key: "a", Value: []byte("1"), Lease: lease}}}); err != nil {
		t.Fatal(err)
	}
	if err := lease.Renew(ctx); err != nil {
		t.Fatal(err)
	}
	if s, err := c.Read(ctx); err != nil || len(s.Pairs) != 1 || s.Pairs[0].Key != "a" {
		t.Fatal(s, err)
	}
	for what, change := range map[string]func(*cluster.Remote){
		"another prefix": func(r *cluster.Remote) { r.Prefix = "others/" },
		"no user":        func(r *cluster.Remote) { r.User, r.Password = "", "" },
		"wrong password": func(r *cluster.Remote) { r.Password = "wrong" },
		"no certificate": func(r *cluster.Remote) { r.CertFile = "" },
		"no authority":   func(r *cluster.Remote) { r.CAFile = "" },
		"no TLS":         func(r *cluster.Remote) { r.TLS = false },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := good
			change(&r)
			c, err := etcd.Open(r)
			if err == nil {
				defer c.Close()
				_, err = c.Read(t.Context())
			}
			if err == nil {
				t.Error("it may read")
			}
		})
	}
	t.Run("away", func(t *testing.T) {
		t.Parallel()
		r := good
		r.Endpoints = []string{"127.0.0.1:1"}
		open(t, r) // it may be there later
	})
}
