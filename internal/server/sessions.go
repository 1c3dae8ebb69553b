package server

import "sync"

// sessions finds connections by id. Ids are given in order, so it is an array with holes,
// in pages: a page lives as long as one of its sessions. That is a third of a map by id
// when the clients stay, and bounded when most of them go.
type sessions struct {
	mu struct { // innermost
		sync.Mutex
		pages map[int64]*sessionPage
	}
}

type sessionPage struct {
	slots [sessionPageSlots]*session
	used  int
}

func (x *sessions) add(s *session) {
	x.mu.Lock()
	if x.mu.pages == nil {
		x.mu.pages = map[int64]*sessionPage{}
	}
	p := x.mu.pages[s.id/sessionPageSlots]
	if p == nil {
		p = &sessionPage{}
		x.mu.pages[s.id/sessionPageSlots] = p
	}
	p.slots[s.id%sessionPageSlots] = s
	p.used++
	x.mu.Unlock()
}

// remove is called once for a session that was added.
func (x *sessions) remove(s *session) {
	x.mu.Lock()
	p := x.mu.pages[s.id/sessionPageSlots]
	p.slots[s.id%sessionPageSlots] = nil
	if p.used--; p.used == 0 {
		delete(x.mu.pages, s.id/sessionPageSlots)
	}
	x.mu.Unlock()
}

// find gives nil when there is none, also for ids that were never given.
func (x *sessions) find(id int64) *session {
	if id < 0 {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.mu.pages[id/sessionPageSlots]
	if p == nil {
		return nil
	}
	return p.slots[id%sessionPageSlots]
}
