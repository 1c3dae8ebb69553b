package follow

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/resp"
)

// stream cuts the input into calls and units.
type stream struct {
	b       replication.Batch
	slots   resp.Args // what the Args of the batch are made of
	scanned int       // bytes behind input.at that the batch, and the unit that is open, take
	unit    bool      // between MULTI and EXEC
}

// runStream applies the stream until the connection ends.
func (l *link) runStream() error {
	l.stream = stream{b: replication.Batch{Calls: l.stream.b.Calls[:0], Ends: l.stream.b.Ends[:0]}, slots: l.stream.slots[:0]}
	none := ""
	l.reason.Store(&none)
	l.f.House.Up(true)
	l.met(l.in.conn)
	l.setState(Connected)
	if err := l.acknowledge(); err != nil {
		return err
	}
	for {
		l.primary.Store(l.f.House.Applied() + int64(l.in.end-l.in.at))
		need, err := l.cut()
		if err != nil {
			return err
		}
		l.in.kept = l.stream.unit
		l.unread.Store(int64(l.in.end - l.in.at))
		l.buffer.Store(int64(len(l.in.buf)))
		need += l.stream.scanned
		for err = l.in.fill(need); err == nil && l.in.end-l.in.at < need; {
			err = l.in.fill(need)
		}
		l.in.kept = false
		if err != nil {
			return err
		}
	}
}

// cut applies all whole calls that have come. need is how many bytes there have to be behind them for
// the next one, at least.
func (l *link) cut() (need int, err error) {
	s, in := &l.stream, &l.in
	for {
		b := in.buf[in.at+s.scanned : in.end]
		if len(b) > 0 && (b[0] == '\n' || b[0] == '\r') { // it says that the primary is there
			s.scanned++
			continue
		}
		slots, n, need, err := resp.ScanCommand(b, s.slots)
		if err != nil {
			return 0, &replication.Damaged{Reason: err.Error()}
		}
		if n == 0 {
			if !s.unit {
				err = l.apply()
			}
			return max(need, 1), err
		}
		if err := l.take(slots, n); err != nil {
			return 0, err
		}
	}
}

// take puts a call of n bytes, whose arguments stand behind those that slots had, into the batch, and
// applies that when it is time.
func (l *link) take(slots resp.Args, n int) error {
	s := &l.stream
	args := slots[len(s.slots):len(slots):len(slots)]
	switch name := args[0]; {
	case command.EqualFold(name, "multi"):
		if s.unit {
			return &replication.Damaged{Reason: "MULTI within MULTI"}
		}
		if err := l.apply(); err != nil {
			return err
		}
		s.unit = true
		s.scanned += n
		return nil
	case command.EqualFold(name, "exec"):
		if !s.unit {
			return &replication.Damaged{Reason: "EXEC without MULTI"}
		}
		s.scanned += n
		s.b.Unit = true
		err := l.apply()
		s.unit, s.b.Unit = false, false
		return err
	case command.EqualFold(name, "ping"):
		s.scanned += n
		return nil
	case command.EqualFold(name, "replconf"):
		s.scanned += n
		return l.answer(args)
	}
	s.slots = slots
	s.b.Calls = append(s.b.Calls, args)
	s.scanned += n
	s.b.Ends = append(s.b.Ends, s.scanned)
	if len(s.b.Calls) == resp.MaxBatch && !s.unit {
		return l.apply()
	}
	return nil
}

// answer does what the primary asks for by REPLCONF, whose bytes have been counted.
func (l *link) answer(args resp.Args) error {
	switch {
	case l.stream.unit || len(args) < 3:
	case command.EqualFold(args[1], "getack"):
		if err := l.apply(); err != nil {
			return err
		}
		return l.acknowledge()
	case command.EqualFold(args[1], "getpromise"):
		if n, ok := resp.ParseInt(args[2]); ok {
			l.f.House.AskedToPromise(n)
		}
	}
	return nil
}

// apply has the batch executed.
func (l *link) apply() error {
	s, in := &l.stream, &l.in
	if s.scanned == 0 {
		return nil
	}
	s.b.Raw = in.buf[in.at : in.at+s.scanned]
	if err := l.f.House.Apply(l.ctx, &s.b); err != nil {
		if l.ctx.Err() != nil {
			return ErrStopped
		}
		return err
	}
	in.at += s.scanned
	s.scanned = 0
	clear(s.b.Calls)
	s.b.Calls, s.b.Ends, s.b.Raw = s.b.Calls[:0], s.b.Ends[:0], nil
	if cap(s.slots) > keptSlots {
		s.slots = nil
	}
	s.slots = s.slots[:0]
	return nil
}
