package admin

import (
	"net"
	"net/http"
	"strings"
)

// letIn lets in whom the source admits; a health check needs nobody's leave.
//
// Without a password this machine alone may look, as far as the default user may, and only
// at a page of the server's own: a browser here must not be a way in for others. So a name
// that somebody else's DNS points at this machine is refused, and so are requests that
// other sites' pages send.
func letIn(src Source, next http.Handler) http.Handler {
	var tried guesses
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); strings.HasSuffix(site, "-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			http.Error(w, "not for the pages of other sites", http.StatusForbidden)
			return
		}
		v := Visitor{Local: fromLoopback(r.RemoteAddr) && ownName(r.Host), Addr: r.RemoteAddr}
		v.User, v.Password, v.Named = r.BasicAuth()
		from, _, _ := net.SplitHostPort(r.RemoteAddr) // "" for all that have none
		if v.Named && !tried.mayTry(from) {
			http.Error(w, "too many wrong passwords from your address", http.StatusTooManyRequests)
			return
		}
		need := All
		if r.URL.Path == "/metrics" {
			need = Metrics
		}
		switch got := src.Admit(v); {
		case got == Unknown:
			if v.Named {
				tried.wrong(r.Context(), from)
			}
			if r.URL.Path != "/api/state" { // whose asker is the page: it says so itself
				w.Header().Set("WWW-Authenticate", `Basic realm="Kring", charset="UTF-8"`)
			}
			http.Error(w, "a user of the server and their password, please", http.StatusUnauthorized)
		case got < need:
			http.Error(w, "not for you: a user may look who may run INFO (/metrics), and SLOWLOG, HOTKEYS and BIGKEYS (the rest);\n"+
				"without a password that is the default user, from this machine only, by its address or as localhost", http.StatusForbidden)
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
