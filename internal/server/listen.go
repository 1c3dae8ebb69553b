package server

import (
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/netio"
)

// listeners are the sockets the server accepts on.
type listeners struct {
	mu struct {
		sync.Mutex
		tcp, tls family
		unix     []net.Addr
	}
}

// family are the listeners of one port. Who changes it holds listeners.mu.
type family struct {
	eps   []endpoint // what they were opened from
	addrs []net.Addr // in the order of the bind option
}

// endpoint is what one listener is opened from.
type endpoint struct {
	network, addr string
	optional      bool // may be missing on this machine
}

var errNoListener = errors.New("no address to listen on")

// tcpEndpoints reads the options for plain TCP. Port 0 means none when there is a unix
// socket or a TLS port, else a free port.
func (s *Server) tcpEndpoints() []endpoint {
	port := s.opts.Port.Load()
	if s.embedded.Deaf || port == 0 && (s.opts.UnixSocket.Load() != "" || s.opts.TLSPort.Load() != 0) {
		return nil
	}
	return s.endpoints(port)
}

// endpoints reads the bind option: an address with a leading "-" is optional, "*" means
// every address of its family. An empty list means that there is no TCP at all.
func (s *Server) endpoints(port int64) []endpoint {
	var eps []endpoint
	for _, b := range s.opts.Bind.Load() {
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
	l := &s.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := s.move(&l.mu.tcp, s.tcpEndpoints(), s.listenOptions()); err != nil {
		return err
	}
	if path := s.opts.UnixSocket.Load(); path != "" {
		a, err := s.group.Listen("unix", path, s.listenOptions())
		if err != nil {
			return err
		}
		l.mu.unix = []net.Addr{a}
	}
	if s.opts.TLSPort.Load() != 0 {
		if s.loadTLS() != nil {
			return errors.New("TLS can not be configured as the options say")
		}
		if err := s.move(&l.mu.tls, s.tlsEndpoints(), s.tlsListenOptions()); err != nil {
			return err
		}
	}
	if len(l.mu.tcp.addrs)+len(l.mu.unix)+len(l.mu.tls.addrs) == 0 && s.embedded.Memory == nil {
		return errNoListener
	}
	return nil
}

func (s *Server) listenOptions() netio.ListenOptions {
	return netio.ListenOptions{Backlog: int(s.opts.TCPBacklog.Load()), UnixPerm: os.FileMode(s.opts.UnixSocketPerm.Load())}
}

// open opens all endpoints, or none.
func (s *Server) open(eps []endpoint, opt netio.ListenOptions) ([]net.Addr, error) {
	var addrs []net.Addr
	for _, ep := range eps {
		if len(addrs) > 0 && strings.HasSuffix(ep.addr, ":0") { // the kernel chose: the others follow
			host, _, _ := net.SplitHostPort(ep.addr) // joined above
			ep.addr = net.JoinHostPort(host, strconv.Itoa(addrs[0].(*net.TCPAddr).Port))
		}
		a, err := s.group.Listen(ep.network, ep.addr, opt)
		if err == nil {
			addrs = append(addrs, a)
			continue
		}
		if !ep.optional {
			s.unlisten(addrs)
			return nil, err
		}
		s.log.Info("address not available, left out", "address", ep.addr, "error", err)
	}
	if len(eps) > 0 && len(addrs) == 0 {
		return nil, errNoListener
	}
	return addrs, nil
}

func (s *Server) unlisten(addrs []net.Addr) {
	for _, a := range addrs {
		s.group.Unlisten(a)
	}
}

// move makes eps the addresses of f. The old sockets are closed first, because old and
// new addresses may overlap; when the new ones cannot be opened the old ones are opened
// again.
func (s *Server) move(f *family, eps []endpoint, opt netio.ListenOptions) error {
	if slices.Equal(eps, f.eps) {
		return nil
	}
	s.unlisten(f.addrs)
	addrs, err := s.open(eps, opt)
	if err == nil {
		f.addrs, f.eps = addrs, eps
		return nil
	}
	if f.eps == nil {
		return err
	}
	s.log.Warn("the new addresses are not available", "error", err)
	addrs, again := s.open(f.eps, opt)
	if again != nil {
		s.log.Error("the old addresses are not available any more", "error", again)
	}
	f.addrs = addrs
	return err
}

// relisten follows a change of port or bind: both families move, or none.
func (s *Server) relisten() error {
	l := &s.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.mu.tcp.eps
	err := s.move(&l.mu.tcp, s.tcpEndpoints(), s.listenOptions())
	if err != nil {
		return err
	}
	if s.opts.TLSPort.Load() == 0 {
		return nil // the hook of tls-port sees to it
	}
	if len(l.mu.tls.addrs) == 0 {
		err = s.loadTLS() // without addresses to listen on nobody had asked for it
	}
	if err == nil {
		err = s.move(&l.mu.tls, s.tlsEndpoints(), s.tlsListenOptions())
	}
	if err != nil {
		_ = s.move(&l.mu.tcp, before, s.listenOptions()) // it tells the log
	}
	return err
}

// watchListeners applies port, bind and tcp-keepalive when CONFIG SET changes them.
func (s *Server) watchListeners() {
	s.opts.OnChange("port", func() error {
		if s.relisten() != nil {
			return errPort
		}
		return nil
	})
	s.opts.OnChange("bind", func() error {
		if s.relisten() != nil {
			return errors.New("Failed to bind to specified addresses.") //nolint:staticcheck // Redis's text
		}
		return nil
	})
	s.watchTLS()
	s.opts.OnChange("tcp-keepalive", func() error {
		s.group.SetKeepAlive(s.keepAlive())
		return nil
	})
}

// keepAlive is the option tcp-keepalive, at most what the system can do.
func (s *Server) keepAlive() time.Duration {
	most := int64(netio.MaxKeepAlive / time.Second)
	n := s.opts.TCPKeepAlive.Load()
	if n > most {
		s.log.Warn("tcp-keepalive is larger than the system allows and counts as that", "seconds", n, "most", most)
	}
	return time.Duration(min(n, most)) * time.Second
}

var errPort = errors.New("Unable to listen on this port. Check server logs.") //nolint:staticcheck // Redis's text

// Addrs returns the addresses the server listens on: TCP, the unix socket, TLS.
func (s *Server) Addrs() []net.Addr {
	plain, encrypted := s.addrs()
	return append(plain, encrypted...)
}

func (s *Server) addrs() (plain, encrypted []net.Addr) {
	l := &s.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.mu.tcp.addrs, l.mu.unix), slices.Clone(l.mu.tls.addrs)
}

// shownPort is the TCP port of INFO: with no address to listen on, what the option says.
func (s *Server) shownPort() int64 {
	if p := s.Port(); p != 0 {
		return int64(p)
	}
	return s.opts.Port.Load()
}

// Port returns the TCP port, that of TLS when there is no other; 0 when there is none.
func (s *Server) Port() int {
	for _, a := range s.Addrs() {
		if t, ok := a.(*net.TCPAddr); ok {
			return t.Port
		}
	}
	return 0
}
