package server

import "sync/atomic"

// watchSet is what one client watches.
type watchSet struct {
	broken atomic.Bool // a watched key has changed
}
