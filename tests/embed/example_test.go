package embed

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring"
	"github.com/kringdb/kring/metrics"
)

// A server on a free port of the loopback interface, and a client of it.
func ExampleStart() {
	ctx := context.Background()
	srv, err := kring.Start(ctx, kring.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer rdb.Close()
	rdb.ZAdd(ctx, "scores", redis.Z{Score: 7, Member: "ada"}, redis.Z{Score: 9, Member: "grace"})
	fmt.Println(rdb.ZRevRange(ctx, "scores", 0, 0).Val())
	// Output: [grace]
}

// Everything else is said as in redis.conf.
func ExampleOptions() {
	ctx := context.Background()
	srv, err := kring.Start(ctx, kring.Options{Config: `
		requirepass secret
		maxmemory 100mb
		maxmemory-policy allkeys-lru
	`})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), Password: "secret"})
	defer rdb.Close()
	fmt.Println(rdb.ConfigGet(ctx, "maxmemory").Val())
	// Output: map[maxmemory:104857600]
}

// Time passes when the test says so.
func ExampleClock() {
	ctx := context.Background()
	clock := kring.NewClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	srv, err := kring.Start(ctx, kring.Options{Clock: clock})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer rdb.Close()
	rdb.Set(ctx, "session", "ada", 30*time.Minute)
	clock.Advance(29 * time.Minute)
	fmt.Println(rdb.TTL(ctx, "session").Val(), rdb.DBSize(ctx).Val())
	clock.Advance(time.Minute)
	fmt.Println(rdb.Get(ctx, "session").Err(), rdb.DBSize(ctx).Val())
	// Output:
	// 1m0s 1
	// redis: nil 0
}

// Without any socket: client and server talk through memory.
func ExampleServer_Dial() {
	ctx := context.Background()
	srv, err := kring.Start(ctx, kring.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	rdb := redis.NewClient(&redis.Options{
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return srv.Dial(ctx) },
	})
	defer rdb.Close()
	rdb.Set(ctx, "greeting", "hello", 0)
	fmt.Println(rdb.Get(ctx, "greeting").Val())
	// Output: hello
}

// The metrics of the server, beside those of the program.
func Example_metrics() {
	ctx := context.Background()
	srv, err := kring.Start(ctx, kring.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	prometheus.MustRegister(metrics.Collector(srv))
	http.Handle("/metrics", metrics.Handler(srv))

	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "redis_up" {
			fmt.Println(f.GetHelp(), f.GetMetric()[0].GetGauge().GetValue())
		}
	}
	// Output: 1: the server answers. 1
}

// Preparing and checking what is stored needs no client.
func ExampleServer_Do() {
	ctx := context.Background()
	srv, err := kring.Start(ctx, kring.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	n, err := srv.Do(ctx, "RPUSH", "queue", "first", "second")
	fmt.Println(n, err)
	list, err := srv.Do(ctx, "LRANGE", "queue", 0, -1)
	fmt.Println(list, err)
	_, err = srv.Do(ctx, "INCR", "queue")
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// [first second] <nil>
	// WRONGTYPE Operation against a key holding the wrong kind of value
}
