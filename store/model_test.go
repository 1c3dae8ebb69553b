package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/str"
)

// The model: what a store should hold, as plain Go maps. Its interpreter turns bytes
// into calls of the store and of the model alike; the fuzzer and a seeded test feed it.

type modelValue struct {
	val      []byte
	enc      string
	deadline int64
}

type model struct {
	comp *Compactor
	t    testing.TB
	s    *Store
	dbs  [modelDBs]map[string]modelValue
	now  int64
	in   []byte
	gone int // expired entries
	big  int // bytes of large values written so far
}

const (
	modelDBs      = 3
	modelShards   = 2
	modelBigBytes = 4 << 20 // bounds what one input makes the test copy
)

// modelSizes are around the borders of the forms.
var modelSizes = []int{0, 1, 8, 20, 43, 44, 45, 200, 254, 300, 5000,
	65533, 65534, 65535, 65536, 65537, 131071, 131072, 131073, 200000}

func (m *model) byte() int {
	if len(m.in) == 0 {
		return 0
	}
	b := m.in[0]
	m.in = m.in[1:]
	return int(b)
}

func (m *model) db() int { return m.byte() % modelDBs }

// name picks one of few keys, some of them long.
func (m *model) name() string {
	b := m.byte() % 40
	if b >= 36 {
		return fmt.Sprintf("%0*d", 250+b-34, b)
	}
	return fmt.Sprint("k", b)
}

func (m *model) size() int {
	n := modelSizes[m.byte()%len(modelSizes)]
	if m.big += n; m.big > modelBigBytes {
		return n % 300
	}
	return n
}

func (m *model) value() []byte {
	switch b := m.byte(); {
	case b < 60:
		return strconv.AppendInt(nil, int64(b-30)*1234567890123, 10)
	default:
		v := make([]byte, m.size())
		for i := range v {
			v[i] = byte(b + i + i>>8)
		}
		return v
	}
}

func (m *model) deadline() int64 {
	if b := m.byte(); b&3 == 0 {
		return m.now + int64(b>>2)
	}
	return 0
}

func setEncoding(val []byte) string {
	enc, _ := str.Classify(val)
	return enc.String()
}

// lookup is the model's Find.
func (m *model) lookup(db int, name string) (modelValue, bool) {
	v, ok := m.dbs[db][name]
	if ok && v.deadline != 0 && v.deadline <= m.now {
		delete(m.dbs[db], name)
		m.gone++
		return modelValue{}, false
	}
	return v, ok
}

// find finds in both and compares.
func (m *model) find(db int, k Key) (Entry, modelValue, bool) {
	v, ok := m.lookup(db, string(k.Name))
	e := m.s.Find(db, k, m.now)
	if e.IsNone() == ok {
		m.t.Fatalf("db %d: key %.20q: found %t; want %t", db, k.Name, !e.IsNone(), ok)
	}
	if ok {
		m.compare(e, v)
	}
	return e, v, ok
}

func (m *model) compare(e Entry, v modelValue) {
	m.t.Helper()
	if e.Deadline() != v.deadline || e.Encoding().String() != v.enc || m.s.StringLen(e) != int64(len(v.val)) ||
		!bytes.Equal(m.s.StringBytes(e, nil), v.val) {
		m.t.Fatalf("key %.20q: deadline %d, %v, %d bytes; want deadline %d, %s, %d bytes",
			e.Key(), e.Deadline(), e.Encoding(), m.s.StringLen(e), v.deadline, v.enc, len(v.val))
	}
}

// run interprets in and checks the end state.
func runModel(t testing.TB, in []byte, bySlots bool) {
	m := &model{t: t, in: in, now: 1000}
	expired := 0
	s, err := Open(Options{Shards: modelShards, Databases: modelDBs, BySlots: bySlots, Hooks: Hooks{
		Expired: func(int, int, []byte) { expired++ },
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.s = s
	defer func() { // after a failure locks may be held
		if !t.Failed() {
			s.Close()
		}
	}()
	for i := range m.dbs {
		m.dbs[i] = map[string]modelValue{}
	}
	for steps := 0; len(m.in) > 0; steps++ {
		m.now++
		m.step()
		if steps%64 == 0 {
			check(t, s)
		}
	}
	check(t, s)
	m.verifyAll()
	s.Reap()
	check(t, s)
	if expired != m.gone || s.Stats().Expired != uint64(expired) {
		t.Fatalf("%d expired, %d counted; want %d", expired, s.Stats().Expired, m.gone)
	}
	s.FlushAll()
	s.Reap()
	if used := s.Used(); used != 0 {
		t.Fatalf("%d bytes used by an empty store", used)
	}
}

// verifyAll walks everything, expired entries included, and compares.
func (m *model) verifyAll() {
	for db := range m.dbs {
		seen := 0
		for cursor := uint64(0); ; {
			cursor = m.s.Walk(db, cursor, 7, func(e Entry) {
				v, ok := m.dbs[db][string(e.Key())]
				if !ok {
					m.t.Fatalf("db %d has %.20q", db, e.Key())
				}
				m.compare(e, v)
				seen++
			})
			if cursor == 0 {
				break
			}
		}
		if seen != len(m.dbs[db]) || m.s.Len(db) != seen {
			m.t.Fatalf("db %d: %d keys walked, %d counted; want %d", db, seen, m.s.Len(db), len(m.dbs[db]))
		}
	}
}

func (m *model) step() {
	op := m.byte()
	if op >= 240 {
		m.wideStep(op)
		return
	}
	db, name := m.db(), m.name()
	k := key(m.s, name)
	m.s.LockAll()
	defer m.s.UnlockAll()
	switch op % 12 {
	case 0:
		val, deadline := m.value(), m.deadline()
		m.s.SetString(db, k, val, deadline)
		m.dbs[db][name] = modelValue{val, setEncoding(val), deadline}
	case 1:
		val := m.value()
		_, old, _ := m.find(db, k)
		m.s.SetStringRaw(db, k, val, KeepTTL)
		m.dbs[db][name] = modelValue{val, "raw", old.deadline}
	case 2:
		e, v, ok := m.find(db, k)
		if _, isInt := str.ParseInt(v.val); ok && !isInt {
			return
		}
		n := int64(m.byte()) << (m.byte() % 50)
		m.s.SetInt(db, k, e, n)
		m.dbs[db][name] = modelValue{strconv.AppendInt(nil, n, 10), "int", v.deadline}
	case 3, 4:
		e, v, ok := m.find(db, k)
		data := m.value()
		if len(v.val) > 1<<20 {
			return
		}
		_, n := m.s.StringAppend(db, k, e, data)
		v.val = append(v.val[:len(v.val):len(v.val)], data...)
		v.enc = "raw"
		if !ok {
			v.enc = setEncoding(data)
		}
		if n != int64(len(v.val)) {
			m.t.Fatalf("append returned %d; want %d", n, len(v.val))
		}
		m.dbs[db][name] = v
	case 5, 6:
		e, v, _ := m.find(db, k)
		off, data := m.size()+m.byte()%3, m.value()
		if len(data) == 0 {
			return
		}
		m.s.StringWriteAt(db, k, e, int64(off), data)
		val := make([]byte, max(len(v.val), off+len(data)))
		copy(val, v.val)
		copy(val[off:], data)
		m.dbs[db][name] = modelValue{val, "raw", v.deadline}
	default:
		m.keyStep(op%12, db, k)
	}
}

// keyStep does what is about keys, not values.
func (m *model) keyStep(op, db int, k Key) {
	name := string(k.Name)
	switch op {
	case 7:
		_, ok := m.dbs[db][name]
		if m.s.Delete(db, k) != ok {
			m.t.Fatalf("delete of %.20q; want %t", name, ok)
		}
		delete(m.dbs[db], name)
	case 8:
		e, v, ok := m.find(db, k)
		if ok {
			v.deadline = m.deadline()
			m.compare(m.s.SetDeadline(db, k, e, v.deadline), v)
			m.dbs[db][name] = v
		}
	case 9:
		_, v, ok := m.find(db, k)
		to := m.name()
		if m.s.Rename(db, k, key(m.s, to)) != ok {
			m.t.Fatal("rename")
		}
		if ok {
			delete(m.dbs[db], name)
			m.dbs[db][to] = v
		}
	case 10:
		_, v, ok := m.find(db, k)
		dst, to := m.db(), m.name()
		if m.s.Copy(db, k, dst, key(m.s, to)) != ok {
			m.t.Fatal("copy")
		}
		if ok {
			m.dbs[dst][to] = v
		}
	case 11:
		_, v, ok := m.find(db, k)
		dst := m.db()
		_, _, there := m.find(dst, k)
		moved := ok && !there
		if m.s.Move(db, dst, k) != moved {
			m.t.Fatal("move")
		}
		if moved {
			delete(m.dbs[db], name)
			m.dbs[dst][name] = v
		}
		if e := m.s.FindRaw(db, k); !e.IsNone() {
			relocate(m.s, k.Shard, db, e)
		}
	}
}

// wideStep does what concerns whole databases.
func (m *model) wideStep(op int) {
	switch db := m.db(); op {
	case 240, 241:
		m.s.FlushDB(db)
		m.dbs[db] = map[string]modelValue{}
	case 242:
		m.s.FlushAll()
		for i := range m.dbs {
			m.dbs[i] = map[string]modelValue{}
		}
	case 243, 244, 245:
		b := m.db()
		m.s.SwapDB(db, b)
		m.dbs[db], m.dbs[b] = m.dbs[b], m.dbs[db]
	case 246:
		m.s.Reap()
	case 247:
		m.now += 20
	case 248:
		n := m.s.Len(db)
		name, ok := m.s.RandomKey(db, m.now, nil)
		m.gone += n - m.s.Len(db)
		for name, v := range m.dbs[db] {
			if m.s.FindRaw(db, key(m.s, name)).IsNone() {
				if v.deadline == 0 || v.deadline > m.now {
					m.t.Fatalf("RandomKey deleted %.20q", name)
				}
				delete(m.dbs[db], name)
			}
		}
		if _, there := m.dbs[db][string(name)]; ok && !there || !ok && len(m.dbs[db]) > 0 {
			m.t.Fatalf("random key %.20q, %t", name, ok)
		}
	case 252, 253:
		if m.comp == nil {
			m.comp = NewCompactor(m.s)
			m.comp.minBytes = 0
		}
		for range 20 {
			m.comp.Step(1)
		}
	case 249, 250, 251:
		m.expireAll()
	default:
		m.verifyAll()
	}
}

// expireAll lets everything expire that is due, as the expirer does.
func (m *model) expireAll() {
	expireDue(m.s, m.now)
	for _, db := range m.dbs {
		for name, v := range db {
			if v.deadline != 0 && v.deadline <= m.now {
				delete(db, name)
				m.gone++
			}
		}
	}
	m.verifyAll()
}

// expireDue runs ExpireStep until nothing is due at now; it returns how many keys went.
func expireDue(s *Store, now int64) (n int) {
	for i := range uint32(s.Shards()) {
		for s.Due(i) <= now {
			n += s.ExpireStep(i, now, nil).Keys
		}
	}
	return n
}

func randomProgram(rng *rand.Rand, n int) []byte {
	in := make([]byte, 0, n)
	for len(in) < n {
		in = binary.LittleEndian.AppendUint64(in, rng.Uint64())
	}
	return in
}

func TestModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 20 {
		runModel(t, randomProgram(rng, 6000), i%2 == 1)
	}
}

func FuzzStore(f *testing.F) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 5 {
		f.Add(randomProgram(rng, 600))
	}
	f.Fuzz(func(t *testing.T, in []byte) { runModel(t, in, len(in)%2 == 1) })
}

// relocate moves e, an entry of the shard's database db, to a fresh block, as compaction
// does.
func relocate(s *Store, shard uint32, db int, e Entry) {
	sh, d := &s.shards[shard], s.at(db, shard)
	slot := d.table.FindAddr(s.ops.Hash(e.A), e.A)
	to := e.Clone(sh.mu.ar, e.Key(), e.Deadline())
	dict.SetSlotAddr(slot, to.A)
	e.Free(sh.mu.ar)
}
