package main

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/kringdb/kring/internal/server/options"
)

// openLog makes the logger as loglevel and logfile say; the level follows CONFIG SET.
func openLog(opts *options.Options, stderr io.Writer) (log *slog.Logger, closeLog func(), err error) {
	out, closeLog := stderr, func() {}
	if path := opts.LogFile.Load(); path != "" {
		path = opts.Path(path)
		f, err := openLogFile(path)
		if err != nil {
			return nil, nil, err
		}
		file := &logFile{path: path}
		file.mu.f = f
		out, closeLog = file, file.close
	}
	level := new(slog.LevelVar)
	level.Set(opts.SlogLevel())
	opts.OnChange("loglevel", func() error {
		level.Set(opts.SlogLevel())
		return nil
	})
	handler := slog.NewTextHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: nameLevel})
	return slog.New(handler), closeLog, nil
}

// nameLevel writes the levels by Redis's names.
func nameLevel(groups []string, a slog.Attr) slog.Attr {
	if a.Key != slog.LevelKey || len(groups) > 0 {
		return a
	}
	level, ok := a.Value.Any().(slog.Level)
	if !ok {
		return a
	}
	name := "error"
	switch {
	case level < options.LevelVerbose:
		name = "debug"
	case level < slog.LevelInfo:
		name = "verbose"
	case level < slog.LevelWarn:
		name = "notice"
	case level < slog.LevelError:
		name = "warning"
	}
	return slog.String(slog.LevelKey, name)
}

// logFile appends to a file by name: when the file is moved away, as logrotate does, a
// new one is opened within logCheckInterval. Safe for concurrent use.
type logFile struct {
	path string
	mu   struct {
		sync.Mutex
		f       *os.File
		checked time.Time
	}
}

func openLogFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, logFileMode)
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.mu.checked) >= logCheckInterval {
		l.mu.checked = now
		l.reopenLocked()
	}
	return l.mu.f.Write(b)
}

// reopenLocked opens the file anew if its name means another file by now. If that
// fails, the old one goes on: a line in it is better than none.
func (l *logFile) reopenLocked() {
	named, err := os.Stat(l.path)
	if err == nil {
		if open, err := l.mu.f.Stat(); err == nil && os.SameFile(named, open) {
			return
		}
	}
	if f, err := openLogFile(l.path); err == nil {
		_ = l.mu.f.Close()
		l.mu.f = f
	}
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.mu.f.Close()
}
