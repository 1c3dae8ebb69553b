package exec

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
// events of a key are published in the order in which they happened. reactor is the index of the one
// that runs this, -1: none does.
func (e *Env) notify(reactor, db int, key []byte, ev command.Event) {
	if on := e.Opts.NotifyKeyspaceEvents.Load(); on&classOf[ev] != 0 {
		e.publishEvent(reactor, on, db, key, ev.String())
	}
}

func (e *Env) publishEvent(reactor int, on int64, db int, key []byte, name string) {
	if e.House.Topics() == 0 {
		return
	}
	var block [256]byte
	if on&options.EventKeyspace != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyspace@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), key...)
		e.House.Publish(reactor, command.SubChannel, ch, []byte(name))
	}
	if on&options.EventKeyevent != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyevent@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), name...)
		e.House.Publish(reactor, command.SubChannel, ch, key)
	}
}

// Missed implements command.Lane.
func (ex *Executor) Missed(db int, k store.Key) {
	if on := ex.Env.Opts.NotifyKeyspaceEvents.Load(); on&options.EventMiss != 0 {
		ex.Env.publishEvent(ex.Actor.Reactor, on, db, k.Name, "keymiss")
	}
}
