package feed

import "time"

// Peered is a replica as INFO and ROLE show it.
type Peered struct {
	IP     string
	Port   int
	State  State
	Offset int64 // that it has acknowledged
	Lag    int64 // seconds since it has said so
	Behind int64 // bytes of the stream that it has not been sent
	Copied int64 // bytes of its full copy that it has been sent
}

// Numbers is what is told of replication, from this side.
type Numbers struct {
	Replicas               []Peered
	Good                   int64 // replicas that have acknowledged lately
	Full, Partial, Refused int64 // synchronisations; of the last, those that had to become full ones
	Out                    int64 // bytes sent
}

// Numbers returns them.
func (f *Feed) Numbers() Numbers {
	n := Numbers{
		Good: f.good.Load(), Full: f.stats.full.Load(), Partial: f.stats.partial.Load(), Refused: f.stats.refused.Load(), Out: f.stats.out.Load(),
	}
	now := time.Now().Unix()
	for _, r := range f.list() {
		p := Peered{State: r.State(), Offset: r.ack.Load(), Behind: r.Lag(), Copied: r.copied.Load()}
		p.IP, p.Port = r.Endpoint()
		if p.State == Online {
			p.Lag = max(now-r.ackAt.Load()/1000, 0)
		}
		n.Replicas = append(n.Replicas, p)
	}
	return n
}

// Reset is CONFIG RESETSTAT.
func (f *Feed) Reset() {
	f.stats.full.Store(0)
	f.stats.partial.Store(0)
	f.stats.refused.Store(0)
	f.stats.out.Store(0)
}

// String is the state as INFO shows it.
func (s State) String() string {
	switch s {
	case Receiving:
		return "send_bulk"
	case Settling, Online:
		return "online"
	}
	return "wait_bgsave"
}
