package server

import (
	"testing"

	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/netio"
)

// BenchmarkShow is what a reactor pays, after each batch and turn, so that INFO asks nobody.
func BenchmarkShow(b *testing.B) {
	s := startServer(b)
	s.clients.AskAll(func(r *netio.Reactor, ex *session.Station) {
		if r.Index() == 0 {
			b.ResetTimer()
			for range b.N {
				ex.Show()
			}
			b.StopTimer()
		}
	})
}
