package listen

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/tlsport"
	"github.com/kringdb/kring/netio"
)

// Listeners are the sockets that a server accepts on. Make them with New; any goroutine may
// ask for the addresses.
type Listeners struct {
	Config
	group *netio.Group // who serves what is accepted; nil before Open
	tls   *tlsport.Port
	mu    struct {
		sync.Mutex
		tcp, tls family
		unix     []net.Addr
	}
}

// Config is what listeners are made from.
type Config struct {
	Options  *options.Options
	Log      *slog.Logger
	Room     func() bool // tells whether one more client would be let in; any goroutine calls it
	Deaf     bool        // listen on no plain TCP address
	MayBeOff bool        // that there is no address at all is no error
}

// New returns listeners without any socket.
func New(c Config) *Listeners {
	l := &Listeners{Config: c, tls: tlsport.New()}
	l.tls.Room = c.Room
	return l
}

// family are the listeners of one port. Who changes it holds Listeners.mu.
type family struct {
	eps   []endpoint // what they were opened from
	addrs []net.Addr // in the order of the bind option
}

// endpoint is what one listener is opened from.
type endpoint struct {
	network, addr string
	optional      bool // may be missing on this machine
}

var errNone = errors.New("no address to listen on")

// tcpEndpoints reads the options for plain TCP. Port 0 means none when there is a unix
// socket or a TLS port, else a free port.
func (l *Listeners) tcpEndpoints() []endpoint {
	port := l.Options.Port.Load()
	if l.Deaf || port == 0 && (l.Options.UnixSocket.Load() != "" || l.Options.TLSPort.Load() != 0) {
		return nil
	}
	return l.endpoints(port)
}

// endpoints reads the bind option: an address with a leading "-" is optional, "*" means
// every address of its family. An empty list means that there is no TCP at all.
func (l *Listeners) endpoints(port int64) []endpoint {
	var eps []endpoint
	for _, b := range l.Options.Bind.Load() {
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

// Open opens every listener that the options name; group serves their connections.
func (l *Listeners) Open(group *netio.Group) error {
	l.group = group
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.move(&l.mu.tcp, l.tcpEndpoints(), l.listenOptions()); err != nil {
		return err
	}
	if path := l.Options.UnixSocket.Load(); path != "" {
		a, err := l.group.Listen("unix", path, l.listenOptions())
		if err != nil {
			return err
		}
		l.mu.unix = []net.Addr{a}
	}
	if l.Options.TLSPort.Load() != 0 {
		if l.loadTLS() != nil {
			return errors.New("TLS can not be configured as the options say")
		}
		if err := l.move(&l.mu.tls, l.tlsEndpoints(), l.tlsListenOptions()); err != nil {
			return err
		}
	}
	if len(l.mu.tcp.addrs)+len(l.mu.unix)+len(l.mu.tls.addrs) == 0 && !l.MayBeOff {
		return errNone
	}
	return nil
}

func (l *Listeners) listenOptions() netio.ListenOptions {
	return netio.ListenOptions{Backlog: int(l.Options.TCPBacklog.Load()), UnixPerm: os.FileMode(l.Options.UnixSocketPerm.Load())}
}

// open opens all endpoints, or none.
func (l *Listeners) open(eps []endpoint, opt netio.ListenOptions) ([]net.Addr, error) {
	var addrs []net.Addr
	for _, ep := range eps {
		if len(addrs) > 0 && strings.HasSuffix(ep.addr, ":0") { // the kernel chose: the others follow
			host, _, _ := net.SplitHostPort(ep.addr) // joined above
			ep.addr = net.JoinHostPort(host, strconv.Itoa(addrs[0].(*net.TCPAddr).Port))
		}
		a, err := l.group.Listen(ep.network, ep.addr, opt)
		if err == nil {
			addrs = append(addrs, a)
			continue
		}
		if !ep.optional {
			l.unlisten(addrs)
			return nil, err
		}
		l.Log.Info("address not available, left out", "address", ep.addr, "error", err)
	}
	if len(eps) > 0 && len(addrs) == 0 {
		return nil, errNone
	}
	return addrs, nil
}

func (l *Listeners) unlisten(addrs []net.Addr) {
	for _, a := range addrs {
		l.group.Unlisten(a)
	}
}

// move makes eps the addresses of f. The old sockets are closed first, because old and
// new addresses may overlap; when the new ones cannot be opened the old ones are opened
// again.
func (l *Listeners) move(f *family, eps []endpoint, opt netio.ListenOptions) error {
	if slices.Equal(eps, f.eps) {
		return nil
	}
	l.unlisten(f.addrs)
	addrs, err := l.open(eps, opt)
	if err == nil {
		f.addrs, f.eps = addrs, eps
		return nil
	}
	if f.eps == nil {
		return err
	}
	l.Log.Warn("the new addresses are not available", "error", err)
	addrs, again := l.open(f.eps, opt)
	if again != nil {
		l.Log.Error("the old addresses are not available any more", "error", again)
	}
	f.addrs = addrs
	return err
}

// relisten follows a change of port or bind: both families move, or none.
func (l *Listeners) relisten() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.mu.tcp.eps
	err := l.move(&l.mu.tcp, l.tcpEndpoints(), l.listenOptions())
	if err != nil {
		return err
	}
	if l.Options.TLSPort.Load() == 0 {
		return nil // the hook of tls-port sees to it
	}
	if len(l.mu.tls.addrs) == 0 {
		err = l.loadTLS() // without addresses to listen on nobody had asked for it
	}
	if err == nil {
		err = l.move(&l.mu.tls, l.tlsEndpoints(), l.tlsListenOptions())
	}
	if err != nil {
		_ = l.move(&l.mu.tcp, before, l.listenOptions()) // it tells the log
	}
	return err
}

// Watch applies port, bind, tcp-keepalive and the options of TLS when CONFIG SET changes them. Call it before
// clients are served: what they set before would be lost.
func (l *Listeners) Watch() {
	l.Options.OnChange("port", func() error {
		if l.relisten() != nil {
			return errPort
		}
		return nil
	})
	l.Options.OnChange("bind", func() error {
		if l.relisten() != nil {
			return errors.New("Failed to bind to specified addresses.") //nolint:staticcheck // Redis's text
		}
		return nil
	})
	l.watchTLS()
	l.Options.OnChange("tcp-keepalive", func() error {
		l.group.SetKeepAlive(l.KeepAlive())
		return nil
	})
}

// KeepAlive is the option tcp-keepalive, at most what the system can do.
func (l *Listeners) KeepAlive() time.Duration {
	most := int64(netio.MaxKeepAlive / time.Second)
	n := l.Options.TCPKeepAlive.Load()
	if n > most {
		l.Log.Warn("tcp-keepalive is larger than the system allows and counts as that", "seconds", n, "most", most)
	}
	return time.Duration(min(n, most)) * time.Second
}

var errPort = errors.New("Unable to listen on this port. Check server logs.") //nolint:staticcheck // Redis's text

// Addrs returns the addresses the server listens on: TCP, the unix socket, TLS.
func (l *Listeners) Addrs() []net.Addr {
	plain, encrypted := l.ByKind()
	return append(plain, encrypted...)
}

// ByKind is Addrs by what is spoken there: RESP, or RESP within TLS.
func (l *Listeners) ByKind() (plain, encrypted []net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.mu.tcp.addrs, l.mu.unix), slices.Clone(l.mu.tls.addrs)
}

// ShownPort is the TCP port of INFO: with no address to listen on, what the option says.
func (l *Listeners) ShownPort() int64 {
	if p := l.Port(); p != 0 {
		return int64(p)
	}
	return l.Options.Port.Load()
}

// Port returns the TCP port, that of TLS when there is no other; 0 when there is none.
func (l *Listeners) Port() int {
	for _, a := range l.Addrs() {
		if t, ok := a.(*net.TCPAddr); ok {
			return t.Port
		}
	}
	return 0
}
