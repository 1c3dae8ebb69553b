package admin

import (
	"net"
	"net/http"
	"strings"
)

// guard lets in whom the source admits; a health check needs nobody's leave.
//
// Without a password this machine alone may look, and only a page of the server's own:
// a browser here must not be a way in for others. So a name that somebody else's DNS
// points at this machine is refused, and so are requests that other sites' pages send.
func guard(src Source, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); strings.HasSuffix(site, "-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			http.Error(w, "not for the pages of other sites", http.StatusForbidden)
			return
		}
		v := Visitor{Local: fromLoopback(r.RemoteAddr) && ownName(r.Host)}
		v.User, v.Password, _ = r.BasicAuth()
		need := All
		if r.URL.Path == "/metrics" {
			need = Metrics
		}
		switch got := src.Admit(v); {
		case got == Unknown:
			if r.URL.Path != "/api/state" { // whose asker is the page: it says so itself
				w.Header().Set("WWW-Authenticate", `Basic realm="Kring", charset="UTF-8"`)
			}
			http.Error(w, "a user of the server and their password, please", http.StatusUnauthorized)
		case got < need:
			http.Error(w, "not for you: without a password only this machine may look, by its address or as localhost;\n"+
				"with one, a user who may run INFO (/metrics), and SLOWLOG and HOTKEYS (the rest)", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// fromLoopback tells whether addr, host:port, is this machine's own.
func fromLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// ownName tells whether a Host header names a machine in a way that no DNS decides.
func ownName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil
}
