package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"github.com/kringdb/kring/internal/cluster/etcd"
	"github.com/kringdb/kring/internal/server"
	"github.com/kringdb/kring/internal/server/metrics"
	"github.com/kringdb/kring/internal/server/options"
)

// product is the name and version in messages.
const product = "Kring " + server.KringVersion

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "-h", "--help":
			fmt.Fprint(stdout, usage+options.Help())
			return 0
		case "-v", "--version":
			fmt.Fprintf(stdout, "Kring server v=%s redis_version=%s go=%s bits=%d\n",
				server.KringVersion, server.RedisVersion, runtime.Version(), strconv.IntSize)
			return 0
		case "--check-config":
			return checkConfig(args[1:], stdin, stdout, stderr)
		case "--check-rdb":
			return checkFile(args[1:], "--check-rdb", stdout, stderr, checkRDB)
		case "--check-aof":
			return checkFile(args[1:], "--check-aof", stdout, stderr, checkAOF)
		case "--options-markdown":
			fmt.Fprint(stdout, options.New().Markdown())
			return 0
		case "--commands-markdown":
			fmt.Fprint(stdout, server.CommandsMarkdown())
			return 0
		}
	}
	if err := checkAddressSpace(); err != nil { // before there are threads that need it
		return complain(stderr, err)
	}
	opts, err := options.Load(args, stdin)
	if err != nil {
		return complain(stderr, err)
	}
	if dir := opts.Dir.Load(); dir != "" {
		if err := os.Chdir(dir); err != nil {
			return complain(stderr, err)
		}
	}
	log, closeLog, err := openLog(opts, stderr)
	if err != nil {
		return complain(stderr, fmt.Errorf("can't open the log file: %w", err))
	}
	defer closeLog()
	if err := serve(opts, log); err != nil {
		log.Error("the server failed", "error", err)
		if opts.LogFile.Load() != "" || opts.LogLevel.Load() == options.LogNothing {
			return complain(stderr, err)
		}
		return 1
	}
	return 0
}

// complain tells an error that ends the program.
func complain(stderr io.Writer, err error) int {
	if le := (*options.LoadError)(nil); errors.As(err, &le) {
		fmt.Fprint(stderr, le.Report(product))
	} else {
		fmt.Fprintf(stderr, "kring-server: %v\n", err)
	}
	return 1
}

// serve prepares the process and runs the server until it is asked to end.
func serve(opts *options.Options, log *slog.Logger) error {
	ctx, stop := untilSignal(log, os.Exit)
	defer stop()
	log.Info("starting", "version", server.KringVersion, "redis_version", server.RedisVersion, "go", runtime.Version(),
		"pid", os.Getpid(), "config_file", opts.File())
	for _, w := range opts.Warnings() {
		log.Warn(w)
	}
	opts.OnChange("dir", func() error { return chdir(opts) })
	if err := settleReactors(opts); err != nil {
		return err
	}
	tuneScheduler(opts)
	if err := fitFileLimit(opts, log); err != nil {
		return err
	}
	tuneCollector(log)
	srv, err := server.NewEmbedded(opts, log, server.Embedding{Remote: etcd.Open})
	if err != nil {
		return err
	}
	srv.OwnProcess(profiles())
	srv.ShowMetrics(metrics.Handler)
	done, err := announce(ctx, opts, log, srv.Ready())
	if err != nil {
		// Listeners are open by now: only serving, ended before it begins, closes them.
		stop()
		return errors.Join(err, srv.Serve(ctx))
	}
	defer done()
	return srv.Serve(ctx)
}

// announce makes the running server visible: profiles, pid file, systemd. The returned
// function takes it back. systemd hears of the start when ready is closed, the data
// loaded, and of the end when ctx ends or the returned function is called.
func announce(ctx context.Context, opts *options.Options, log *slog.Logger, ready <-chan struct{}) (done func(), err error) {
	closeProfiles, err := openProfiles(opts, log)
	if err != nil {
		return nil, err
	}
	if opts.Supervised.Load() == options.SupervisedUpstart {
		log.Warn("supervised upstart has no effect: only systemd is supported")
	}
	removePID := writePIDFile(opts.PIDFile.Load(), log)
	notify(opts, log, "STATUS=Loading the data")
	var told sync.WaitGroup
	ending := make(chan struct{})
	told.Go(func() {
		select {
		case <-ready:
			notify(opts, log, "READY=1\nSTATUS=Ready to accept connections")
			settle()
		case <-ending:
		}
	})
	stopping := sync.OnceFunc(func() {
		close(ending)
		told.Wait()
		notify(opts, log, "STOPPING=1\nSTATUS=Ending")
	})
	unhook := context.AfterFunc(ctx, stopping)
	return func() {
		unhook()
		stopping()
		removePID()
		closeProfiles()
	}, nil
}

// chdir follows CONFIG SET dir.
func chdir(opts *options.Options) error {
	if err := os.Chdir(opts.Dir.Load()); err != nil {
		return errors.New("can't change to the directory: " + err.Error())
	}
	return nil
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM; the second
// one calls exit. SIGHUP and a closed log pipe do nothing.
func untilSignal(log *slog.Logger, exit func(int)) (ctx context.Context, stop func()) {
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	stopped := make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stopped:
				return
			case s := <-signals:
				if n > 0 {
					log.Warn("second signal: exiting at once", "signal", s)
					exit(1)
					return
				}
				cancel(fmt.Errorf("received %v", s))
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		close(stopped)
		cancel(errors.New("ended"))
	})
}

// writePIDFile writes the process id; a failure is no reason not to serve.
func writePIDFile(path string, log *slog.Logger) (remove func()) {
	if path == "" {
		return func() {}
	}
	path, err := filepath.Abs(path) // CONFIG SET dir may come
	text := strconv.Itoa(os.Getpid()) + "\n"
	if err == nil {
		err = os.WriteFile(path, []byte(text), pidFileMode)
	}
	if err != nil {
		log.Warn("can't write the pid file", "error", err)
		return func() {}
	}
	return func() {
		// Not ours any more if another process wrote it since.
		if now, err := os.ReadFile(path); err == nil && string(now) == text {
			_ = os.Remove(path)
		}
	}
}
