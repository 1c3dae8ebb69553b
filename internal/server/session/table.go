package session

import "sync"

// table finds sessions by id. Ids are given in order, so it is an array with holes,
// in pages: a page lives as long as one of its sessions. That is a third of a map by id
// when the clients stay, and bounded when most of them go.
type table struct {
	mu struct { // innermost
		sync.Mutex
		pages map[int64]*page
	}
}

type page struct {
	slots [pageSlots]*Session
	used  int
}

func (x *table) add(s *Session) {
	x.mu.Lock()
	if x.mu.pages == nil {
		x.mu.pages = map[int64]*page{}
	}
	p := x.mu.pages[s.id/pageSlots]
	if p == nil {
		p = &page{}
		x.mu.pages[s.id/pageSlots] = p
	}
	p.slots[s.id%pageSlots] = s
	p.used++
	x.mu.Unlock()
}

// remove is called once for a session that was added.
func (x *table) remove(s *Session) {
	x.mu.Lock()
	p := x.mu.pages[s.id/pageSlots]
	p.slots[s.id%pageSlots] = nil
	if p.used--; p.used == 0 {
		delete(x.mu.pages, s.id/pageSlots)
	}
	x.mu.Unlock()
}

// find gives nil when there is none, also for ids that were never given.
func (x *table) find(id int64) *Session {
	if id < 0 {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.mu.pages[id/pageSlots]
	if p == nil {
		return nil
	}
	return p.slots[id%pageSlots]
}
