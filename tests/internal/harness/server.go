package harness

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Config says what to launch.
type Config struct {
	Bin  string   // the program
	Args []string // after "--port N --bind 127.0.0.1 --save ''" unless Bare
	Bare bool     // Args are the whole command line; Network and Addr say where it will listen
	Dir  string   // working directory; "" makes one that Stop removes

	Network, Addr string // of the readiness probe; default tcp, 127.0.0.1:port
}

// Server is one running process. Its methods are for one goroutine.
type Server struct {
	Name    string // base name of the binary
	Port    int
	Network string
	Addr    string
	Dir     string
	PID     int

	cmd     *exec.Cmd
	out     output
	done    chan struct{} // closed when the process has ended
	waitErr error         // valid after done
	ownDir  bool
}

// Launch starts a server and waits until it answers PING (an error reply that asks
// for a password counts as an answer).
func Launch(cfg Config) (*Server, error) {
	var err error
	for range launchAttemptsCount {
		var s *Server
		if s, err = launchOnce(cfg); err == nil {
			return s, nil
		}
		if cfg.Bare || !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
			break
		}
	}
	return nil, err
}

func launchOnce(cfg Config) (*Server, error) {
	s, err := Spawn(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.awaitReady(); err != nil {
		_ = s.Kill()
		return nil, fmt.Errorf("%s %s: %w\n--- its output ---\n%s",
			cfg.Bin, strings.Join(s.cmd.Args[1:], " "), err, s.Output())
	}
	return s, nil
}

// Spawn starts the process without waiting for it to serve.
func Spawn(cfg Config) (*Server, error) {
	s := &Server{Name: filepath.Base(cfg.Bin), Network: cfg.Network, Addr: cfg.Addr, Dir: cfg.Dir, done: make(chan struct{})}
	if s.Dir == "" {
		dir, err := os.MkdirTemp("", "kring-test-")
		if err != nil {
			return nil, err
		}
		s.Dir, s.ownDir = dir, true
	}
	args := cfg.Args
	if !cfg.Bare {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		s.Port = port
		args = append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", ""}, args...)
		if s.Addr == "" {
			s.Network, s.Addr = "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		}
	}
	if strings.HasPrefix(filepath.Base(cfg.Bin), "kring-server") {
		args = append(args, strings.Fields(os.Getenv("KRING_ARGS"))...)
	}
	s.cmd = exec.Command(cfg.Bin, args...)
	s.cmd.Dir = s.Dir
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = childAttributes()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.PID = s.cmd.Process.Pid
	go func() {
		s.waitErr = s.cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

func (s *Server) awaitReady() error {
	deadline := time.Now().Add(ReadyTimeout)
	for {
		if answers, err := s.answers(); answers || err != nil {
			return err
		}
		select {
		case <-s.done:
			return fmt.Errorf("ended before it served: %v", s.waitErr)
		case <-time.After(readyPollInterval):
		}
		if time.Now().After(deadline) {
			return errors.New("does not answer PING")
		}
	}
}

// answers tells whether the server serves; the error is that another process does, at its address:
// a port that was free may have been taken meanwhile, and then this server is about to end.
func (s *Server) answers() (bool, error) {
	c, err := s.Dial()
	if err != nil {
		return false, nil
	}
	defer c.Close()
	c.Timeout = ReadyTimeout / 4
	v, err := c.Do("PING")
	if err != nil {
		return false, nil
	}
	if strings.HasPrefix(v.Str, "NOAUTH") {
		return true, nil
	}
	if pid, err := infoOf(c, "server", "process_id"); err == nil && pid != "" && pid != strconv.Itoa(s.PID) {
		return false, fmt.Errorf("%s: address already in use by process %s", s.Addr, pid)
	}
	return v.Str == "PONG", nil
}

// Dial opens a connection.
func (s *Server) Dial() (*rawclient.Client, error) { return rawclient.Dial(s.Network, s.Addr) }

// Say sends a command, in words without blanks, on a connection of its own, and returns the reply, or the error, as text.
func (s *Server) Say(line string) string {
	c, err := s.Dial()
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	v, err := c.Do(strings.Fields(line)...)
	if err != nil {
		return err.Error()
	}
	return v.Text()
}

// Output gives the last output of the process.
func (s *Server) Output() string { return s.out.String() }

// Alive tells whether the process still runs.
func (s *Server) Alive() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Signal sends a signal to the process.
func (s *Server) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// Wait waits for the end of the process, at most d, and gives its exit code (-1 when
// a signal ended it).
func (s *Server) Wait(d time.Duration) (code int, err error) {
	select {
	case <-s.done:
	case <-time.After(d):
		return 0, fmt.Errorf("%s still runs after %v", s.Name, d)
	}
	var exit *exec.ExitError
	if s.waitErr != nil && !errors.As(s.waitErr, &exit) && !errors.Is(s.waitErr, io.EOF) {
		return 0, s.waitErr
	}
	return s.cmd.ProcessState.ExitCode(), nil
}

// Stop asks the process to end and waits; a process that does not end is killed and
// reported, and so is an exit code other than 0.
func (s *Server) Stop() error {
	defer s.removeDir()
	if s.Alive() {
		if err := s.Signal(syscall.SIGTERM); err != nil && s.Alive() {
			return err
		}
	}
	code, err := s.Wait(StopTimeout)
	if err != nil {
		_ = s.Kill()
		return err
	}
	if code != 0 {
		return fmt.Errorf("%s ended with exit code %d", s.Name, code)
	}
	return nil
}

// Kill ends the process at once (SIGKILL) and waits for it.
func (s *Server) Kill() error {
	defer s.removeDir()
	if s.Alive() {
		_ = s.cmd.Process.Kill()
	}
	_, err := s.Wait(StopTimeout)
	return err
}

func (s *Server) removeDir() {
	if s.ownDir {
		_ = os.RemoveAll(s.Dir)
	}
}

// Info asks INFO for one field; "" when it is missing.
func Info(c *rawclient.Client, field string) (string, error) {
	return infoOf(c, "everything", field)
}

// infoOf asks for a field of one section.
func infoOf(c *rawclient.Client, section, field string) (string, error) {
	v, err := c.Do("INFO", section)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(v.Str) {
		if name, val, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && name == field {
			return val, nil
		}
	}
	return "", nil
}

// IsKring tells whether the server says that it is Kring.
func (s *Server) IsKring() bool {
	c, err := s.Dial()
	if err != nil {
		return false
	}
	defer c.Close()
	v, err := Info(c, "kring_version")
	return err == nil && v != ""
}
