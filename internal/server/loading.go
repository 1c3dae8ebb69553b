package server

import (
	"context"
	"io"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// applier executes what is loaded, for as long as the server does not end.
type applier struct {
	*exec.Applier
	srv *Server
	ctx context.Context
}

func newApplier(s *Server, ctx context.Context) *applier {
	return &applier{exec.NewApplier(&s.Env), s, ctx}
}

// Apply implements persistence.Applier.
func (ap *applier) Apply(recs []resp.Args) (done int, err error) {
	if ap.ctx.Err() != nil || ap.srv.asked() {
		return 0, persistence.ErrInterrupted
	}
	return ap.Applier.Apply(recs)
}

// Image implements persistence.Applier. No key counts as expired: what follows may move its
// deadline.
func (ap *applier) Image(in io.Reader, p *persistence.Progress) (rest io.Reader, end int64, err error) {
	l := ap.srv.newLoader(ap.ctx)
	l.Progress = p
	rest, end, err = l.Load(in)
	if err == nil {
		err = ap.srv.loadedFrom(l)
	}
	return rest, end, err
}

// asked tells whether a client asked for the server's end.
func (s *Server) asked() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
