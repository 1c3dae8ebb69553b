package pubsub

import (
	"slices"

	"github.com/kringdb/kring/command"
)

// Topic is a channel or pattern that somebody listens to. It exists once for all:
// Subscriptions name it, messages name its hearers.
type Topic[L Listener] struct {
	name  string
	first hearers[L]
}

// hearers are the listeners of one outlet to a topic. Of most topics there is
// one, so the first outlet's stand in the topic.
type hearers[L Listener] struct {
	next       *hearers[L] // another outlet's; guarded by Hub.mu, as is count
	indexed[L]             // the outlet's
	count      int32       // how many there are or, while one comes or goes, will be
	outlet     int16
	kind       command.SubKind
}

// of returns the hearers of an outlet, made if there are none. Hub.mu is held.
func (t *Topic[L]) of(outlet int) *hearers[L] {
	for h := &t.first; ; h = h.next {
		if int(h.outlet) == outlet {
			return h
		}
		if h.next == nil {
			h.next = &hearers[L]{outlet: int16(outlet), kind: t.first.kind}
		}
	}
}

// listeners returns how many there are. Hub.mu is held.
func (t *Topic[L]) listeners() (n int) {
	for h := &t.first; h != nil; h = h.next {
		n += int(h.count)
	}
	return n
}

// indexed is a set in no order: a list, and the places of its items once it is long.
type indexed[T comparable] struct {
	list []T
	at   map[T]int32
}

func (x *indexed[T]) add(item T) {
	if len(x.list) == 0 {
		x.list = make([]T, 0, 1) // append would take room for more
	}
	x.list = append(x.list, item)
	n := len(x.list)
	if x.at != nil {
		x.at[item] = int32(n - 1)
	} else if n >= indexHearers {
		x.at = make(map[T]int32, n)
		for i, item := range x.list {
			x.at[item] = int32(i)
		}
	}
}

func (x *indexed[T]) has(item T) bool {
	if x.at != nil {
		_, ok := x.at[item]
		return ok
	}
	return slices.Contains(x.list, item)
}

func (x *indexed[T]) remove(item T) {
	i, last := 0, len(x.list)-1
	if x.at != nil {
		i = int(x.at[item])
		x.at[x.list[last]] = int32(i)
		delete(x.at, item)
	} else {
		i = slices.Index(x.list, item)
	}
	var none T
	x.list[i] = x.list[last]
	x.list[last] = none
	x.list = x.list[:last]
	if last == 0 {
		x.list, x.at = nil, nil
	}
}
