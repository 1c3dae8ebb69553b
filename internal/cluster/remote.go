package cluster

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Remote is a coordinator that is reached over the network, as cluster-coordinator names it:
// etcd://host:port,host:port/prefix, or etcds:// for TLS.
type Remote struct {
	Endpoints []string // host:port, one at least
	Prefix    string   // of all keys, with a slash at its end
	TLS       bool

	User, Password            string // empty: none
	CAFile, CertFile, KeyFile string // in PEM form; empty: the system's authorities, no certificate
}

// DefaultPrefix is that of a Remote whose text has none.
const DefaultPrefix = "kring/"

// ParseRemote reads the value of cluster-coordinator; ok is false if it names none over the network.
func ParseRemote(text string) (r Remote, ok bool, err error) {
	rest, plain := strings.CutPrefix(text, "etcd://")
	if !plain {
		if rest, r.TLS = strings.CutPrefix(text, "etcds://"); !r.TLS {
			return Remote{}, false, nil
		}
	}
	hosts, prefix, _ := strings.Cut(rest, "/")
	for _, e := range strings.Split(hosts, ",") {
		host, port, err := net.SplitHostPort(e)
		if err != nil {
			return Remote{}, true, fmt.Errorf("%q is no host:port", e)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.Contains(host, "@") {
			return Remote{}, true, fmt.Errorf("%q is no host:port", e)
		}
		r.Endpoints = append(r.Endpoints, e)
	}
	if r.Prefix = strings.Trim(prefix, "/") + "/"; r.Prefix == "/" {
		r.Prefix = DefaultPrefix
	}
	return r, true, nil
}

// ErrNoRemote: the program has not been linked with what reaches a Remote.
var ErrNoRemote = errors.New("this program has no client of etcd: kring-server has")
