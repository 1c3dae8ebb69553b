package cluster

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The keys of who runs and who leads; see doc.go.
const (
	livePrefix  = "live/"
	leadPrefix  = "lead/"
	heirsPrefix = "heirs/"
	askPrefix   = "ask/"
)

// Live is what a node that runs says of itself, by its lease.
type Live struct {
	// Of one that would lead its shard, as nobody does: since when nobody does (Heirs.Revision), and
	// the offset of its data, -1 if it has none of the shard's, and who led when it got them (Lead.Revision):
	// offsets of different terms say nothing of each other.
	Round  int64 `json:"round,omitempty"`
	Term   int64 `json:"term,omitempty"`
	Offset int64 `json:"offset,omitempty"`
	Never  bool  `json:"never,omitempty"` // it will not lead

	NoFailover bool `json:"no-failover,omitempty"` // it will not lead by itself, as long as it says so, unless it is the primary
}

// Lead is who leads a shard: it alone may change the data, as long as its lease lasts.
type Lead struct {
	Node     string `json:"node"`
	Token    string `json:"lease"` // names the node's lease: with another one it has led before
	Revision int64  `json:"-"`
}

// Heirs are who may lead a shard when nobody does, besides its primary: replicas of which whoever led last
// has known, and that one itself, which need not be the primary any more.
type Heirs struct {
	Nodes    []string
	Term     int64  // of who led last (Lead.Revision), 0: nobody has led, or it is not known
	Led      string // who led last, empty: the same
	Revision int64
}

// May tells whether a node may lead although it is not the primary.
func (h Heirs) May(node string) bool { return node == h.Led || slices.Contains(h.Nodes, node) }

// heirsPair is heirs as they are written. Who begins to lead does not know yet of which revision that is, so the term
// that is not there is that of the pair itself.
type heirsPair struct {
	Nodes []string `json:"nodes"`
	Led   string   `json:"led,omitempty"`
	Term  int64    `json:"term,omitempty"`
}

// Presence is which nodes run and lead, at one moment. It never changes.
type Presence struct {
	live  map[string]Live
	leads map[string]Lead
	heirs map[string]Heirs
	asks  map[string]string
}

func newPresence() *Presence {
	return &Presence{map[string]Live{}, map[string]Lead{}, map[string]Heirs{}, map[string]string{}}
}

// Live tells whether a node runs, and what it says.
func (p *Presence) Live(node string) (Live, bool) {
	l, ok := p.live[node]
	return l, ok
}

// Lead is who leads a shard, if anybody does.
func (p *Presence) Lead(shard string) (Lead, bool) {
	l, ok := p.leads[shard]
	return l, ok
}

// Led are the shards that a node leads.
func (p *Presence) Led(node string) (shards []string) {
	for id, l := range p.leads {
		if l.Node == node {
			shards = append(shards, id)
		}
	}
	return shards
}

// Heirs are those of a shard.
func (p *Presence) Heirs(shard string) Heirs { return p.heirs[shard] }

// Asked is the node that wants the leader of a shard to let it lead, empty if none does.
func (p *Presence) Asked(shard string) string { return p.asks[shard] }

// clone is a copy to be changed.
func (p *Presence) clone() *Presence {
	return &Presence{maps.Clone(p.live), maps.Clone(p.leads), maps.Clone(p.heirs), maps.Clone(p.asks)}
}

// put takes a pair, if it is one of these keys. What cannot be read stands for nothing.
func (p *Presence) put(pair Pair) (mine bool) {
	if id, ok := strings.CutPrefix(pair.Key, livePrefix); ok {
		var l Live
		_ = json.Unmarshal(pair.Value, &l)
		p.live[id] = l
	} else if id, ok := strings.CutPrefix(pair.Key, leadPrefix); ok {
		var l Lead
		_ = json.Unmarshal(pair.Value, &l)
		l.Revision = pair.Revision
		p.leads[id] = l
	} else if id, ok := strings.CutPrefix(pair.Key, heirsPrefix); ok {
		var h heirsPair
		if json.Unmarshal(pair.Value, &h) != nil {
			_ = json.Unmarshal(pair.Value, &h.Nodes) // as nodes before wrote it
		} else if h.Term == 0 {
			h.Term = pair.Revision
		}
		p.heirs[id] = Heirs{h.Nodes, h.Term, h.Led, pair.Revision}
	} else if id, ok := strings.CutPrefix(pair.Key, askPrefix); ok {
		var node string
		_ = json.Unmarshal(pair.Value, &node)
		p.asks[id] = node
	} else {
		return false
	}
	return true
}

// drop forgets a key, if it is one of these.
func (p *Presence) drop(key string) (mine bool) {
	if id, ok := strings.CutPrefix(key, livePrefix); ok {
		delete(p.live, id)
	} else if id, ok := strings.CutPrefix(key, leadPrefix); ok {
		delete(p.leads, id)
	} else if id, ok := strings.CutPrefix(key, heirsPrefix); ok {
		delete(p.heirs, id)
	} else if id, ok := strings.CutPrefix(key, askPrefix); ok {
		delete(p.asks, id)
	} else {
		return false
	}
	return true
}
