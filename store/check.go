package store

import (
	"fmt"

	"github.com/kringdb/kring/store/arena"
)

func checkShardLocked(s *Store, shard uint32) error {
	sh := &s.shards[shard]
	sh.mu.ar.CheckInvariants()
	sum := int64(0)
	for db := range s.inUse() {
		n, err := checkDatabaseLocked(s, shard, db)
		if err != nil {
			return fmt.Errorf("db %d: %w", db, err)
		}
		sum += n
	}
	for i := range sh.mu.garbage {
		g := &sh.mu.garbage[i]
		sum += outside[g.Kind].Bytes(g)
	}
	for _, c := range sh.mu.corpses {
		if c.wholesale {
			continue
		}
		for i := range c.tables {
			sum += c.tables[i].bytesLeft()
		}
	}
	if used := sh.mu.ar.Used(); sum != used {
		return fmt.Errorf("entries, values, tables, garbage and corpses are %d bytes, the arena counts %d", sum, used)
	}
	return nil
}

// checkDatabaseLocked returns the bytes of the database's entries, values and table.
func checkDatabaseLocked(s *Store, shard uint32, db int) (bytes int64, err error) {
	d := s.at(db, shard)
	if err := d.table.Check(&s.ops); err != nil {
		return 0, err
	}
	bytes = d.table.Bytes()
	bound := d.due
	if db < s.numDBs { // what is beside is not due before it is taken into service
		bound = max(bound, s.due[shard].Load())
	}
	count, expires, inner := 0, uint32(0), uint32(0)
	for pos, done := uint64(0), false; !done; {
		pos, done = d.table.Walk(pos, 1<<30, &s.ops, func(a arena.Addr) {
			e := Entry{A: a}
			count++
			d := e.Deadline()
			if d != 0 {
				expires++
			}
			if holdsDue(e) {
				inner++
			}
			if e.HasDeadline() != (d > 0) {
				err = fmt.Errorf("key %q has deadline %d", e.Key(), d)
			}
			if due := dueOf(a); due < bound {
				err = fmt.Errorf("key %q is due at %d, the database's bound is %d", e.Key(), due, bound)
			}
			if to := s.shardOf(e.Key()); to != shard {
				err = fmt.Errorf("key %q belongs to shard %d", e.Key(), to)
			}
			if check := checks[e.Type()&15]; check != nil {
				if cerr := check(e); cerr != nil {
					err = fmt.Errorf("key %q: %w", e.Key(), cerr)
				}
			}
			bytes += entryBytes(e)
		})
	}
	if err == nil && (count != d.table.Len() || expires != d.expires || inner != d.inner) {
		err = fmt.Errorf("a walk met %d entries, %d with a deadline, %d with one inside; the counts are %d, %d and %d",
			count, expires, inner, d.table.Len(), d.expires, d.inner)
	}
	return bytes, err
}

// bytesLeft returns what the reaper has still to free of the table.
func (t *deadTable) bytesLeft() int64 {
	sum := t.table.Bytes()
	for pos, done := t.pos, false; !done; {
		seg, next, last := t.table.NextSegment(pos)
		t.table.EachInSegment(seg, func(a arena.Addr) {
			sum += entryBytes(Entry{A: a})
		})
		pos, done = next, last
	}
	return sum
}
