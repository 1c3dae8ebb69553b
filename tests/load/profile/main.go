// Command profile runs Kring under a redis-benchmark load and writes its CPU and
// allocation profiles, and prints where the time went.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

type options struct {
	dir, load, extra string
	seconds, keys    int
	top              int
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", harness.FromRoot("profiles"), "directory of the profiles")
	flag.StringVar(&o.load, "load", "-t get,set -P 64 -c 50 -d 64", "redis-benchmark's arguments, repeated as long as needed")
	flag.StringVar(&o.extra, "args", "", "further arguments of the server")
	flag.IntVar(&o.seconds, "seconds", 10, "length of the CPU profile")
	flag.IntVar(&o.keys, "keys", 1_000_000, "random keys")
	flag.IntVar(&o.top, "top", 40, "rows of the printed table")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

func run(s *kit.Servers, o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	port, err := harness.FreePort()
	if err != nil {
		return err
	}
	pprof := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	srv, err := s.Kring(append([]string{"--pprof-address", pprof}, strings.Fields(o.extra)...)...)
	if err != nil {
		return err
	}
	spec := kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", 64))}
	if err := kit.Fill(srv, spec); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // the load, until the profiles are written
		defer close(done)
		for ctx.Err() == nil {
			args := append([]string{"-p", strconv.Itoa(srv.Port), "-r", strconv.Itoa(o.keys), "-n", "3000000", "-q"}, strings.Fields(o.load)...)
			_ = exec.CommandContext(ctx, "redis-benchmark", args...).Run()
		}
	}()
	defer func() { cancel(); <-done }()
	cpu := filepath.Join(o.dir, "cpu.prof")
	for name, path := range map[string]string{
		cpu:                                 "profile?seconds=" + strconv.Itoa(o.seconds),
		filepath.Join(o.dir, "allocs.prof"): "allocs?seconds=" + strconv.Itoa(o.seconds),
		filepath.Join(o.dir, "heap.prof"):   "heap",
	} {
		if err := fetch("http://"+pprof+"/debug/pprof/"+path, name, time.Duration(o.seconds+30)*time.Second); err != nil {
			return err
		}
		fmt.Println("wrote", name)
	}
	bin, err := harness.Subject()
	if err != nil {
		return err
	}
	for _, p := range [][]string{
		{"-top", "-nodecount", strconv.Itoa(o.top), bin, cpu},
		{"-top", "-sample_index=alloc_space", "-nodecount", "15", bin, filepath.Join(o.dir, "allocs.prof")},
	} {
		cmd := exec.Command("go", append([]string{"tool", "pprof"}, p...)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
	}
	return nil
}

func fetch(url, path string, timeout time.Duration) error {
	client := http.Client{Timeout: timeout}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
