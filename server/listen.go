package server

import (
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/kringdb/kring/netio"
)

// listen opens every listener the options name. An address with a leading "-" may be
// missing on this machine; "*" means every address of its family.
func (s *Server) listen() error {
	opt := netio.ListenOptions{Backlog: int(s.opts.TCPBacklog.Load()), UnixPerm: os.FileMode(s.opts.UnixSocketPerm.Load())}
	if path := s.opts.UnixSocket.Load(); path != "" {
		if err := s.listenOn("unix", path, opt); err != nil {
			return err
		}
	}
	port := s.opts.Port.Load()
	if port == 0 && s.opts.UnixSocket.Load() != "" {
		return nil
	}
	binds := s.opts.Bind.Load()
	if len(binds) == 0 {
		binds = []string{"*", "-::*"}
	}
	opened := 0
	for _, b := range binds {
		addr, optional := strings.CutPrefix(b, "-")
		network := "tcp"
		switch addr {
		case "*":
			network, addr = "tcp4", "0.0.0.0"
		case "::*":
			network, addr = "tcp6", "::"
		}
		if err := s.listenOn(network, net.JoinHostPort(addr, strconv.FormatInt(port, 10)), opt); err != nil {
			if !optional {
				return err
			}
			s.log.Info("address not available, left out", "address", addr, "error", err)
			continue
		}
		opened++
		if port == 0 { // the kernel chose: the other addresses follow
			port = int64(s.Port())
		}
	}
	if opened == 0 {
		return errNoListener
	}
	return nil
}

func (s *Server) listenOn(network, addr string, opt netio.ListenOptions) error {
	a, err := s.group.Listen(network, addr, opt)
	if err != nil {
		return err
	}
	s.addrs = append(s.addrs, a)
	return nil
}

// Addrs returns the addresses the server listens on.
func (s *Server) Addrs() []net.Addr { return s.addrs }

// Port returns the TCP port, 0 when there is none.
func (s *Server) Port() int {
	for _, a := range s.addrs {
		if t, ok := a.(*net.TCPAddr); ok {
			return t.Port
		}
	}
	return 0
}
