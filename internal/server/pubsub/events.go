package pubsub

import (
	"strconv"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
)

// This file publishes what happens to keys, as notify-keyspace-events asks.

// Publisher is who publishes events: a Hub, for the reactor that is named.
type Publisher interface {
	// Topics is how many channels and patterns somebody listens to.
	Topics() int64
	// Publish sends a message and returns how many will hear it. Any goroutine may call it, under any
	// lock; reactor is the index of the one that runs on it, -1: none does.
	Publish(reactor int, kind command.SubKind, channel, text []byte) int
}

// classOf is the class of every event.
var classOf = func() (classes [command.Events]int64) {
	for e := range command.Events {
		classes[e] = options.EventClass(e.Class())
	}
	return classes
}()

// Notify publishes an event of a key in a database if on, the value of notify-keyspace-events, asks for it.
// The key's shard is locked, so that the events of a key are published in the order in which they
// happened. reactor is as in Publish.
func Notify(p Publisher, on int64, reactor, db int, key []byte, ev command.Event) {
	if on&classOf[ev] != 0 {
		publishEvent(p, on, reactor, db, key, ev.String())
	}
}

// NotifyMiss is Notify for a key that was looked for and is not there.
func NotifyMiss(p Publisher, on int64, reactor, db int, key []byte) {
	if on&options.EventMiss != 0 {
		publishEvent(p, on, reactor, db, key, "keymiss")
	}
}

func publishEvent(p Publisher, on int64, reactor, db int, key []byte, name string) {
	if p.Topics() == 0 {
		return
	}
	var block [256]byte
	if on&options.EventKeyspace != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyspace@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), key...)
		p.Publish(reactor, command.SubChannel, ch, []byte(name))
	}
	if on&options.EventKeyevent != 0 {
		ch := strconv.AppendInt(append(block[:0], "__keyevent@"...), int64(db), 10)
		ch = append(append(ch, "__:"...), name...)
		p.Publish(reactor, command.SubChannel, ch, key)
	}
}
