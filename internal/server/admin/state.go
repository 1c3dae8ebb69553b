package admin

// State is what the server says of itself at one moment.
type State struct {
	UnixMs   int64             `json:"unix_ms"`
	Info     map[string]string `json:"info"`     // the fields of INFO
	Keyspace []Database        `json:"keyspace"` // those with keys
	Commands []Command         `json:"commands"` // those that were called
	Slow     []SlowCall        `json:"slow"`     // the newest first, at most SlowCallsShown
	SlowKept int               `json:"slow_kept"`
	Hot      []HotKey          `json:"hot"`    // the busiest first, at most KeysShown
	Big      []BigKey          `json:"big"`    // the largest first, at most KeysShown
	Types    []TypeMemory      `json:"types"`  // as the last survey in the background found them
	Memory   []Account         `json:"memory"` // the parts of the resident set
	Errors   map[string]int64  `json:"errors"` // error replies by their first word
	Replicas []Replica         `json:"replicas"`
	Primary  *Primary          `json:"primary"` // that the server follows, null: none
	Cluster  *Cluster          `json:"cluster"` // as this node sees it, null: the server is no node of one
	Late     []Step            `json:"-"`       // of expiry: cumulative
	Reactors []Reactor         `json:"-"`
	Events   []Event           `json:"-"` // sources of latency
}

// Database is what a database holds.
type Database struct {
	DB        int   `json:"db"`
	Keys      int64 `json:"keys"`
	Expires   int64 `json:"expires"`
	MeanTTLMs int64 `json:"mean_ttl_ms"` // estimated
}

// Command is what was counted of a command; times are in microseconds.
type Command struct {
	Name     string       `json:"name"`
	Calls    int64        `json:"calls"`
	Micros   float64      `json:"usec"`
	Rejected int64        `json:"rejected"`
	Failed   int64        `json:"failed"`
	P50      float64      `json:"p50"`
	P99      float64      `json:"p99"`
	P999     float64      `json:"p999"`
	Times    [][2]float64 `json:"times"` // the distribution: upper bound and calls of each bucket in use, in ascending order
	Steps    []Step       `json:"-"`     // the same in powers of two, cumulative
}

// Step says how many calls took up to Micros.
type Step struct {
	Micros float64
	Calls  uint64
}

// SlowCall is an entry of the slow log.
type SlowCall struct {
	ID     int64    `json:"id"`
	Unix   int64    `json:"unix"` // seconds
	Micros int64    `json:"usec"`
	Args   []string `json:"args"`
	Addr   string   `json:"addr"`
}

// HotKey is a key and how often, at least, it was used in the last minutes.
type HotKey struct {
	DB   int    `json:"db"`
	Key  string `json:"key"`
	Uses int64  `json:"uses"`
}

// BigKey is a key and the bytes that it takes.
type BigKey struct {
	DB    int    `json:"db"`
	Key   string `json:"key"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
}

// TypeMemory is what all keys of a type take.
type TypeMemory struct {
	Type  string `json:"type"`
	Keys  int64  `json:"keys"`
	Bytes int64  `json:"bytes"`
}

// Account is a part of the resident set.
type Account struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Replica is somebody who follows the server.
type Replica struct {
	IP      string `json:"ip"`
	Port    int    `json:"port"`
	State   string `json:"state"`
	Offset  int64  `json:"offset"`   // that it has acknowledged
	Behind  int64  `json:"behind"`   // bytes of the stream that it has not been sent
	Copied  int64  `json:"copied"`   // bytes of its full copy that it has been sent
	LagSecs int64  `json:"lag_secs"` // since it has acknowledged anything
}

// Primary is whom the server follows.
type Primary struct {
	Host      string `json:"host"`
	Port      int    `json:"port"`
	State     string `json:"state"`
	Up        bool   `json:"up"`         // its stream is followed
	Reason    string `json:"reason"`     // why it was not, the last time
	IdleSecs  int64  `json:"idle_secs"`  // since it was heard, -1: its stream is not followed
	Offset    int64  `json:"offset"`     // of the data
	Behind    int64  `json:"behind"`     // bytes of the stream that have come and are not executed
	Syncing   bool   `json:"syncing"`    // a full copy is on its way,
	SyncTotal int64  `json:"sync_total"` // of so many bytes, -1: unknown,
	SyncRead  int64  `json:"sync_read"`  // of which so many have come
}

// Cluster is a cluster as one of its nodes sees it.
type Cluster struct {
	Down     bool          `json:"down"` // the node serves nothing
	Epoch    uint64        `json:"epoch"`
	Nodes    []ClusterNode `json:"nodes"` // by shard, its primary first
	Moves    []SlotMove    `json:"moves"` // from or to this node: those under way, and some that are over; the newest first
	Sent     int64         `json:"sent"`  // messages that clients have published: handed on to other nodes,
	Received int64         `json:"received"`
	Dropped  int64         `json:"dropped"` // or not, as a node was slow or gone
}

// ClusterNode is a node of a cluster.
type ClusterNode struct {
	ID      string `json:"id"`
	Addr    string `json:"addr"`
	Shard   string `json:"shard"`
	Myself  bool   `json:"myself"`
	Primary bool   `json:"primary"`
	Failed  bool   `json:"failed"` // its lease has ended
	Leads   bool   `json:"leads"`  // it may serve its shard's slots
	Slots   int    `json:"slots"`  // of its shard, if it is the primary
	Ranges  string `json:"ranges"`
}

// SlotMove is a move of slots.
type SlotMove struct {
	Slots   int    `json:"slots"`
	Export  bool   `json:"export"`
	Other   string `json:"other"` // the id of the other node
	State   string `json:"state"`
	Message string `json:"message"`
	Over    bool   `json:"over"`
	Ms      int64  `json:"ms"` // so far, or until it was over
}

// Reactor is what a reactor has done.
type Reactor struct{ Turns, Reads, Writes int64 }

// Event is the last sample of a source of latency.
type Event struct {
	Name         string
	Unix, Millis int64
}
