package command

import (
	"bytes"
	"net"
	"slices"
	"time"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

var migrateSpecs = []*Spec{{
	Name: "migrate", Arity: -6, Flags: Write | Dangerous | Slow | OwnLocks, Group: GroupGeneric, Handler: migrate,
	Keys: []KeySpec{
		{Flags: KeyRW | KeyAccess | KeyDelete, Index: 3, Step: 1, Find: func(args resp.Args) int {
			if len(args) > 3 && len(args[3]) > 0 {
				return 3
			}
			return 0
		}},
		{Flags: KeyRW | KeyAccess | KeyDelete | KeyIncomplete, Keyword: "KEYS", StartFrom: -2, Last: -1, Step: 1},
	},
	Secrets: Secrets{Behind: []SecretWord{{"auth", 1}, {"auth2", 2}}},
	Since:   "2.6.0", Complexity: "O(N) where N is the number of elements of the values",
	Summary: "Hands keys over to another server.",
	Syntax: "host port <key | \"\"> destination-db:integer timeout:integer [COPY] [REPLACE] [<AUTH password | AUTH2 username password>] " +
		"[KEYS key...]",
	Tips: []string{"nondeterministic_output"},
}}

// migrateAttempts is how often a key that changes while it is handed over is sent again.
const migrateAttempts = 16

// PeersHost is the connections to other servers.
type PeersHost interface {
	// Send restores items on another server and marks those that were taken. The caller
	// holds no gate and no lock.
	Send(t *Target, items []Parcel) (taken int, errText string)
}

// Target is where keys go.
type Target struct {
	Addr           string
	DB             int
	Timeout        time.Duration // for each write, and each reply
	Replace        bool
	Asking         bool   // the other server is a node of the same cluster, and may have only a part of the slot
	User, Password []byte // nil: none is given
}

// Parcel is a key that is handed over.
type Parcel struct {
	Key     []byte
	TTL     int64 // milliseconds, 0: none
	Payload []byte
	Again   bool // an older value was taken before: it is replaced
	Taken   bool

	deadline int64
}

// migration is a call of MIGRATE, parsed.
type migration struct {
	to   Target
	copy bool
	keys []store.Key
}

func (m *migration) parse(c *Ctx) (ok bool) {
	timeout, ok := c.Int(5)
	if !ok {
		return false
	}
	db, ok := c.Int(4)
	if !ok {
		return false
	}
	if timeout <= 0 {
		timeout = 1000
	}
	names := c.Args[3:4]
options:
	for i := 6; i < len(c.Args); i++ {
		left := len(c.Args) - 1 - i
		switch a := c.Args[i]; {
		case equalFold(a, "copy"):
			m.copy = true
		case equalFold(a, "replace"):
			m.to.Replace = true
		case equalFold(a, "auth") && left >= 1:
			m.to.User, m.to.Password = nil, c.Args[i+1]
			i++
		case equalFold(a, "auth2") && left >= 2:
			m.to.User, m.to.Password = c.Args[i+1], c.Args[i+2]
			i += 2
		case equalFold(a, "keys"):
			if len(c.Args[3]) != 0 {
				c.W.Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
				return false
			}
			names = c.Args[i+1:]
			break options
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	m.to.Addr = net.JoinHostPort(string(c.Args[1]), string(c.Args[2]))
	m.to.Asking = c.Host.Cluster != nil
	m.to.DB, m.to.Timeout = int(db), time.Duration(min(timeout, 1<<40))*time.Millisecond
	for _, name := range names {
		m.keys = append(m.keys, c.Store.MakeKey(name))
	}
	return true
}

// migrate hands keys over without holding them meanwhile: a key is deleted here only if it is
// still what the other server took; if it has changed, it is sent again.
func migrate(c *Ctx) {
	c.NoEffect() // each key records its own deletion
	var m migration
	if !m.parse(c) {
		return
	}
	var pack images
	var items []Parcel
	for _, k := range m.keys {
		if p, ok := m.pack(c, &pack, k); ok {
			items = append(items, p)
		}
	}
	if len(items) == 0 {
		c.W.Simple("NOKEY")
		return
	}
	errText := ""
	for attempt := 0; len(items) > 0; attempt++ {
		text := ""
		c.Lane.Unlocked(func() { _, text = c.Host.Peers.Send(&m.to, items) })
		if errText == "" {
			errText = text
		}
		items = m.settle(c, &pack, items)
		if text != "" || attempt == migrateAttempts {
			break
		}
	}
	switch {
	case errText != "":
		c.W.Error(errText)
	case len(items) > 0:
		c.W.Error("ERR a key was changed again and again while it was handed over, so it is still here")
	default:
		c.W.OK()
	}
}

// pack makes the parcel of a key; ok is false if there is none.
func (m *migration) pack(c *Ctx, pack *images, k store.Key) (p Parcel, ok bool) {
	c.Lane.UnderLock(k, func() {
		e := c.Read(k)
		if e.A == 0 {
			return
		}
		p = Parcel{Key: slices.Clone(k.Name), deadline: e.Deadline()}
		payload, err := pack.of(c).payload(e)
		if err != nil {
			return
		}
		p.Payload = slices.Clone(payload)
		if p.deadline != 0 {
			p.TTL = max(p.deadline-c.Now, 1)
		}
		ok = true
	})
	return p, ok
}

// settle deletes the keys that were taken, unless they have changed meanwhile: these it
// returns, to be sent again.
func (m *migration) settle(c *Ctx, pack *images, items []Parcel) (again []Parcel) {
	if m.copy {
		return nil
	}
	for i := range items {
		if !items[i].Taken {
			continue
		}
		k := c.Store.MakeKey(items[i].Key)
		now, there := m.pack(c, pack, k)
		if !there {
			continue // deleted, or expired
		}
		gone := false
		c.Lane.UnderLock(k, func() {
			e := c.Find(k)
			if e.A == 0 {
				gone = true
				return
			}
			payload, err := pack.of(c).payload(e)
			if err != nil || e.Deadline() != items[i].deadline || !bytes.Equal(payload, items[i].Payload) {
				return
			}
			c.Store.Delete(c.DB, k)
			c.Changed(k, EventDel, 1)
			c.Effect("DEL", k.Name)
			gone = true
		})
		if !gone {
			now.Again = true
			again = append(again, now)
		}
	}
	return again
}
