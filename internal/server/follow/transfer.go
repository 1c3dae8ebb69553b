package follow

import (
	"fmt"
	"io"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
)

// exactReader reads a number of bytes, and not fewer.
type exactReader struct {
	in   *input
	left int64
}

// Read implements io.Reader.
func (r *exactReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	return n, err
}

// counted counts what has come of a full copy.
type counted struct {
	in   io.Reader
	l    *link
	last time.Time // when the log was told
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	got := c.l.received.Add(int64(n))
	if now := time.Now(); now.Sub(c.last) >= reportInterval {
		if !c.last.IsZero() {
			c.l.f.Log.Info("receiving a full copy", "bytes", got, "of", c.l.size.Load())
		}
		c.last = now
	}
	return n, err
}

// transfer makes the full copy the data: as it comes, instead of what is here or beside it, or from a file when that is whole.
func (l *link) transfer(c *Copy) error {
	c.In = &counted{in: c.In, l: l}
	begin := time.Now()
	var err error
	switch how := l.f.Options.ReplDisklessLoad.Load(); {
	case how == options.DisklessSwap:
		c.Beside = true
		err = l.replace(c)
	case how == options.DisklessOnEmpty && l.f.House.Empty():
		err = l.replace(c)
	default:
		err = l.replaceByFile(c)
	}
	if err != nil {
		return err
	}
	l.afresh = false
	l.f.Log.Info("the full copy is loaded", "primary", l.target.addr(), "bytes", l.received.Load(), "seconds", time.Since(begin).Seconds())
	return nil
}

// replace has the House load what comes, and reads what it leaves.
func (l *link) replace(c *Copy) error {
	l.loading.Store(true)
	defer l.loading.Store(false)
	if err := l.f.House.Replace(l.ctx, c); err != nil {
		if l.ctx.Err() != nil {
			return ErrStopped
		}
		return fmt.Errorf("a full copy cannot be loaded: %w", err)
	}
	return nil
}

// replaceByFile receives the copy into a file, and then loads that: the data that are here are
// served meanwhile, and stay if the copy does not come.
func (l *link) replaceByFile(c *Copy) error {
	fs := l.f.FS
	path := l.f.Options.Path(replication.TempCopy(time.Now().UnixNano()))
	to, err := fs.Create(path)
	if err != nil {
		return fmt.Errorf("a full copy has no place: %w", err)
	}
	defer func() { _ = fs.Remove(path) }()
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{c.In}, make([]byte, readBytes))
	if err == nil {
		err = to.Sync()
	}
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("a full copy does not come: %w", err)
	}
	in, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	c.In, c.Size = in, l.received.Load()
	return l.replace(c)
}
