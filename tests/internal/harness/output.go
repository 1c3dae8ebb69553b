package harness

import (
	"bytes"
	"sync"
)

// output keeps the last KeptOutputBytes written to it.
type output struct {
	mu struct {
		sync.Mutex
		buf     bytes.Buffer
		dropped int64
	}
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.buf.Write(p)
	if extra := o.mu.buf.Len() - KeptOutputBytes; extra > KeptOutputBytes {
		o.mu.buf.Next(extra)
		o.mu.dropped += int64(extra)
	}
	return len(p), nil
}

// String gives what is kept.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.buf.String()
}
