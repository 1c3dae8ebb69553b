package server

import (
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kringdb/kring/netio"
)

// listeners are the sockets the server accepts on.
type listeners struct {
	mu struct {
		sync.Mutex
		addrs []net.Addr // TCP first, in the order of the bind option, then the unix socket
		tcp   []endpoint // what the TCP ones were opened from
	}
}

// endpoint is what one listener is opened from.
type endpoint struct {
	network, addr string
	optional      bool // may be missing on this machine
}

var errNoListener = errors.New("no address to listen on")

// tcpEndpoints reads the options: an address with a leading "-" is optional, "*" means
// every address of its family. Port 0 means no TCP when there is a unix socket, else a
// free port.
func (s *Server) tcpEndpoints() []endpoint {
	port := s.opts.Port.Load()
	if port == 0 && s.opts.UnixSocket.Load() != "" {
		return nil
	}
	binds := s.opts.Bind.Load()
	if len(binds) == 0 {
		binds = []string{"*", "-::*"}
	}
	var eps []endpoint
	for _, b := range binds {
		ep := endpoint{network: "tcp"}
		ep.addr, ep.optional = strings.CutPrefix(b, "-")
		switch ep.addr {
		case "*":
			ep.network, ep.addr = "tcp4", "0.0.0.0"
		case "::*":
			ep.network, ep.addr = "tcp6", "::"
		}
		ep.addr = net.JoinHostPort(ep.addr, strconv.FormatInt(port, 10))
		eps = append(eps, ep)
	}
	return eps
}

// listen opens every listener that the options name.
func (s *Server) listen() error {
	eps := s.tcpEndpoints()
	addrs, err := s.openTCP(eps)
	if err != nil {
		return err
	}
	if path := s.opts.UnixSocket.Load(); path != "" {
		a, err := s.group.Listen("unix", path, s.listenOptions())
		if err != nil {
			return err
		}
		addrs = append(addrs, a)
	}
	l := &s.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.addrs, l.mu.tcp = addrs, eps
	return nil
}

func (s *Server) listenOptions() netio.ListenOptions {
	return netio.ListenOptions{Backlog: int(s.opts.TCPBacklog.Load()), UnixPerm: os.FileMode(s.opts.UnixSocketPerm.Load())}
}

// openTCP opens all endpoints, or none.
func (s *Server) openTCP(eps []endpoint) ([]net.Addr, error) {
	var addrs []net.Addr
	for _, ep := range eps {
		if len(addrs) > 0 && strings.HasSuffix(ep.addr, ":0") { // the kernel chose: the others follow
			host, _, _ := net.SplitHostPort(ep.addr) // joined above
			ep.addr = net.JoinHostPort(host, strconv.Itoa(addrs[0].(*net.TCPAddr).Port))
		}
		a, err := s.group.Listen(ep.network, ep.addr, s.listenOptions())
		if err == nil {
			addrs = append(addrs, a)
			continue
		}
		if !ep.optional {
			s.closeTCP(addrs)
			return nil, err
		}
		s.log.Info("address not available, left out", "address", ep.addr, "error", err)
	}
	if len(eps) > 0 && len(addrs) == 0 {
		return nil, errNoListener
	}
	return addrs, nil
}

func (s *Server) closeTCP(addrs []net.Addr) {
	for _, a := range addrs {
		s.group.Unlisten(a)
	}
}

// relisten follows a change of port or bind. The old sockets are closed first, because
// old and new addresses may overlap; when the new ones cannot be opened the old ones
// are opened again.
func (s *Server) relisten() error {
	l := &s.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	eps := s.tcpEndpoints()
	if slices.Equal(eps, l.mu.tcp) {
		return nil
	}
	var unix, tcp []net.Addr
	for _, a := range l.mu.addrs {
		if a.Network() == "unix" {
			unix = append(unix, a)
		} else {
			tcp = append(tcp, a)
		}
	}
	s.closeTCP(tcp)
	addrs, err := s.openTCP(eps)
	if err == nil {
		l.mu.addrs, l.mu.tcp = append(addrs, unix...), eps
		return nil
	}
	s.log.Warn("the new addresses are not available", "error", err)
	addrs, again := s.openTCP(l.mu.tcp)
	if again != nil {
		s.log.Error("the old addresses are not available any more", "error", again)
	}
	l.mu.addrs = append(addrs, unix...)
	return err
}

// watchListeners applies port, bind and tcp-keepalive when CONFIG SET changes them.
func (s *Server) watchListeners() {
	s.opts.OnChange("port", func() error {
		if s.relisten() != nil {
			return errors.New("Unable to listen on this port. Check server logs.") //nolint:staticcheck // Redis's text
		}
		return nil
	})
	s.opts.OnChange("bind", func() error {
		if s.relisten() != nil {
			return errors.New("Failed to bind to specified addresses.") //nolint:staticcheck // Redis's text
		}
		return nil
	})
	s.opts.OnChange("tcp-keepalive", func() error {
		s.group.SetKeepAlive(s.keepAlive())
		return nil
	})
}

// Addrs returns the addresses the server listens on.
func (s *Server) Addrs() []net.Addr {
	s.listeners.mu.Lock()
	defer s.listeners.mu.Unlock()
	return slices.Clone(s.listeners.mu.addrs)
}

// Port returns the TCP port, 0 when there is none.
func (s *Server) Port() int {
	for _, a := range s.Addrs() {
		if t, ok := a.(*net.TCPAddr); ok {
			return t.Port
		}
	}
	return 0
}
