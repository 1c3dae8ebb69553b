package server

import (
	"strconv"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
)

// This file publishes what happens to keys, as notify-keyspace-events asks.

// classOf is the class of every event.
var classOf = func() (classes [command.Events]int64) {
	for e := range command.Events {
		classes[e] = options.EventClass(e.Class())
	}
	return classes
}()

// notify publishes an event if it is asked for. The key's shard is locked, so that the
// events of a key are published in the order in which they happened.
func (s *Server) notify(own *executor, db int, key []byte, ev command.Event) {
	if on := s.opts.NotifyKeyspaceEvents.Load(); on&classOf[ev] != 0 {
		s.publishEvent(own, on, db, key, ev.String())
	}
}

func (s *Server) publishEvent(own *executor, on int64, db int, key []byte, name string) {
	if s.pubsub.Topics() == 0 {
		return
	}
	var block [256]byte
	if on&options.EventKeyspace != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyspace@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), key...)
		s.publish(own, command.SubChannel, ch, []byte(name))
	}
	if on&options.EventKeyevent != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyevent@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), name...)
		s.publish(own, command.SubChannel, ch, key)
	}
}

// keyCreated is the store's hook: a key has come into being. The shard is locked.
func (s *Server) keyCreated(_, db int, key []byte) { s.notify(nil, db, key, command.EventNew) }

// watchEvents has the store tell of new keys while somebody may want to know.
func (s *Server) watchEvents() {
	apply := func() error {
		s.store.SetTelling(s.opts.NotifyKeyspaceEvents.Load()&options.EventNew != 0)
		return nil
	}
	_ = apply() // cannot fail
	s.opts.OnChange("notify-keyspace-events", apply)
}

// Missed implements command.Lane.
func (ex *executor) Missed(db int, k store.Key) {
	if on := ex.srv.opts.NotifyKeyspaceEvents.Load(); on&options.EventMiss != 0 {
		ex.srv.publishEvent(ex, on, db, k.Name, "keymiss")
	}
}
