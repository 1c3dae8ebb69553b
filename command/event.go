package command

// Event is what happened to a key, named as in keyspace notifications.
type Event uint8

const (
	EventSet Event = iota
	EventSetRange
	EventAppend
	EventIncrBy
	EventIncrByFloat
	EventSetBit
	EventDel
	EventExpire
	EventPersist
	EventRenameFrom
	EventRenameTo
	EventMoveFrom
	EventMoveTo
	EventCopyTo
	EventExpired
	EventNew
)

var eventNames = [...]string{
	EventSet:         "set",
	EventSetRange:    "setrange",
	EventAppend:      "append",
	EventIncrBy:      "incrby",
	EventIncrByFloat: "incrbyfloat",
	EventSetBit:      "setbit",
	EventDel:         "del",
	EventExpire:      "expire",
	EventPersist:     "persist",
	EventRenameFrom:  "rename_from",
	EventRenameTo:    "rename_to",
	EventMoveFrom:    "move_from",
	EventMoveTo:      "move_to",
	EventCopyTo:      "copy_to",
	EventExpired:     "expired",
	EventNew:         "new",
}

// String returns the event's name as a notification shows it.
func (e Event) String() string { return eventNames[e] }
