package session

import (
	"errors"
	"slices"
	"sync"

	"github.com/kringdb/kring/netio"
)

var errClientEvicted = errors.New("closed to stay within maxmemory-clients")

// clientLimit is how many bytes the buffers of all clients together may take, 0 for any
// number.
func (cs *Clients) clientLimit() int64 {
	lim := cs.Opts.MaxMemoryClients.Load()
	if lim < 0 { // a percentage of maxmemory
		lim = cs.Opts.MaxMemory.Load() / 100 * -lim
	}
	return lim
}

// weighClients publishes what the buffers of a reactor's clients take, on that reactor,
// and calls the keeper if all of them are too much.
func (cs *Clients) weighClients(r *netio.Reactor, ex *Station) {
	lim := cs.clientLimit()
	if lim == 0 {
		return
	}
	sum := int64(0)
	eachSession(r, func(se *Session) { sum += listedOf(se).bytes() })
	ex.clientBytes.Store(sum)
	total := int64(0)
	for _, ex := range cs.Stations {
		total += ex.clientBytes.Load()
	}
	if total > lim {
		cs.keeper.ShedClients()
	}
}

// weight is what one client's buffers take.
type weight struct {
	id, bytes int64
	reactor   *netio.Reactor
}

// Shed closes the clients with the largest buffers until the rest are within
// maxmemory-clients, those that CLIENT NO-EVICT protects excepted. It runs on the keeper,
// which holds no gate.
func (cs *Clients) Shed() {
	lim := cs.clientLimit()
	if lim == 0 {
		return
	}
	var mu sync.Mutex
	var all []weight
	total := int64(0)
	cs.AskAll(func(r *netio.Reactor, _ *Station) {
		var mine []weight
		sum := int64(0)
		eachSession(r, func(se *Session) {
			n := listedOf(se).bytes()
			sum += n
			if se.modes&noEvict == 0 && se.reply != replyFed {
				mine = append(mine, weight{se.id, n, r})
			}
		})
		mu.Lock()
		all, total = append(all, mine...), total+sum
		mu.Unlock()
	})
	slices.SortFunc(all, func(a, b weight) int { return int(b.bytes - a.bytes) })
	for _, w := range all {
		if total <= lim {
			return
		}
		total -= w.bytes
		cs.closeEvicted(w)
	}
}

// closeEvicted closes one client, on its reactor, if it is still there.
func (cs *Clients) closeEvicted(w weight) {
	w.reactor.Post(func() {
		eachSession(w.reactor, func(se *Session) {
			if se.id != w.id {
				return
			}
			cs.Counts.EvictedClients.Add(1)
			cs.Log.Info("closing client to stay within maxmemory-clients", "id", se.id, "client", se.Conn.RemoteAddr(), "bytes", w.bytes)
			se.endNow(errClientEvicted)
		})
	})
}
