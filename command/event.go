package command

// Event is what happened to a key, named as in keyspace notifications.
type Event uint8

const (
	EventNone Event = iota // a change that no notification tells of
	EventSet
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
	EventLPush
	EventRPush
	EventLPop
	EventRPop
	EventLInsert
	EventLSet
	EventLRem
	EventLTrim
	EventSortStore
	EventSAdd
	EventSRem
	EventSPop
	EventSInterStore
	EventSUnionStore
	EventSDiffStore
	EventHSet
	EventHIncrBy
	EventHIncrByFloat
	EventHDel
	EventHExpire
	EventHPersist
	EventHExpired
	EventZAdd
	EventZIncr
	EventZRem
	EventZRemRangeByScore
	EventZRemRangeByRank
	EventZRemRangeByLex
	EventZPopMin
	EventZPopMax
	EventZInterStore
	EventZUnionStore
	EventZDiffStore
	EventZRangeStore
	EventXAdd
	EventXTrim
	EventXDel
	EventXSetID
	EventXGroupCreate
	EventXGroupCreateConsumer
	EventXGroupDelConsumer
	EventXGroupDestroy
	EventXGroupSetID
	EventXClaim
	EventXAutoClaim
	EventXReadGroup
	EventPFAdd
	EventPFMerge
	EventGeoRadiusStore
	EventGeoSearchStore
	EventRestore
	EventEvicted
)

// events holds every event's name and the letter of its class in notify-keyspace-events.
var events = [...]struct {
	name  string
	class byte
}{
	EventNone:                 {"", 0},
	EventSet:                  {"set", '$'},
	EventSetRange:             {"setrange", '$'},
	EventAppend:               {"append", '$'},
	EventIncrBy:               {"incrby", '$'},
	EventIncrByFloat:          {"incrbyfloat", '$'},
	EventSetBit:               {"setbit", '$'},
	EventDel:                  {"del", 'g'},
	EventExpire:               {"expire", 'g'},
	EventPersist:              {"persist", 'g'},
	EventRenameFrom:           {"rename_from", 'g'},
	EventRenameTo:             {"rename_to", 'g'},
	EventMoveFrom:             {"move_from", 'g'},
	EventMoveTo:               {"move_to", 'g'},
	EventCopyTo:               {"copy_to", 'g'},
	EventExpired:              {"expired", 'x'},
	EventNew:                  {"new", 'n'},
	EventLPush:                {"lpush", 'l'},
	EventRPush:                {"rpush", 'l'},
	EventLPop:                 {"lpop", 'l'},
	EventRPop:                 {"rpop", 'l'},
	EventLInsert:              {"linsert", 'l'},
	EventLSet:                 {"lset", 'l'},
	EventLRem:                 {"lrem", 'l'},
	EventLTrim:                {"ltrim", 'l'},
	EventSortStore:            {"sortstore", 'l'},
	EventSAdd:                 {"sadd", 's'},
	EventSRem:                 {"srem", 's'},
	EventSPop:                 {"spop", 's'},
	EventSInterStore:          {"sinterstore", 's'},
	EventSUnionStore:          {"sunionstore", 's'},
	EventSDiffStore:           {"sdiffstore", 's'},
	EventHSet:                 {"hset", 'h'},
	EventHIncrBy:              {"hincrby", 'h'},
	EventHIncrByFloat:         {"hincrbyfloat", 'h'},
	EventHDel:                 {"hdel", 'h'},
	EventHExpire:              {"hexpire", 'h'},
	EventHPersist:             {"hpersist", 'h'},
	EventHExpired:             {"hexpired", 'h'},
	EventZAdd:                 {"zadd", 'z'},
	EventZIncr:                {"zincr", 'z'},
	EventZRem:                 {"zrem", 'z'},
	EventZRemRangeByScore:     {"zremrangebyscore", 'z'},
	EventZRemRangeByRank:      {"zremrangebyrank", 'z'},
	EventZRemRangeByLex:       {"zremrangebylex", 'z'},
	EventZPopMin:              {"zpopmin", 'z'},
	EventZPopMax:              {"zpopmax", 'z'},
	EventZInterStore:          {"zinterstore", 'z'},
	EventZUnionStore:          {"zunionstore", 'z'},
	EventZDiffStore:           {"zdiffstore", 'z'},
	EventZRangeStore:          {"zrangestore", 'z'},
	EventXAdd:                 {"xadd", 't'},
	EventXTrim:                {"xtrim", 't'},
	EventXDel:                 {"xdel", 't'},
	EventXSetID:               {"xsetid", 't'},
	EventXGroupCreate:         {"xgroup-create", 't'},
	EventXGroupCreateConsumer: {"xgroup-createconsumer", 't'},
	EventXGroupDelConsumer:    {"xgroup-delconsumer", 't'},
	EventXGroupDestroy:        {"xgroup-destroy", 't'},
	EventXGroupSetID:          {"xgroup-setid", 't'},
	EventXClaim:               {"xclaim", 't'},
	EventXAutoClaim:           {"xautoclaim", 't'},
	EventXReadGroup:           {"xreadgroup", 't'},
	EventPFAdd:                {"pfadd", '$'},
	EventPFMerge:              {"pfadd", '$'},
	EventGeoRadiusStore:       {"georadiusstore", 'z'},
	EventGeoSearchStore:       {"geosearchstore", 'z'},
	EventRestore:              {"restore", 'g'},
	EventEvicted:              {"evicted", 'e'},
}

// Events is how many events there are: they are the numbers below it.
const Events = Event(len(events))

// String returns the event's name as a notification shows it.
func (e Event) String() string { return events[e].name }

// Class returns the letter of the event's class in notify-keyspace-events, 0 for none.
func (e Event) Class() byte { return events[e].class }
