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

var eventNames = [...]string{
	EventNone:                 "",
	EventSet:                  "set",
	EventSetRange:             "setrange",
	EventAppend:               "append",
	EventIncrBy:               "incrby",
	EventIncrByFloat:          "incrbyfloat",
	EventSetBit:               "setbit",
	EventDel:                  "del",
	EventExpire:               "expire",
	EventPersist:              "persist",
	EventRenameFrom:           "rename_from",
	EventRenameTo:             "rename_to",
	EventMoveFrom:             "move_from",
	EventMoveTo:               "move_to",
	EventCopyTo:               "copy_to",
	EventExpired:              "expired",
	EventNew:                  "new",
	EventLPush:                "lpush",
	EventRPush:                "rpush",
	EventLPop:                 "lpop",
	EventRPop:                 "rpop",
	EventLInsert:              "linsert",
	EventLSet:                 "lset",
	EventLRem:                 "lrem",
	EventLTrim:                "ltrim",
	EventSortStore:            "sortstore",
	EventSAdd:                 "sadd",
	EventSRem:                 "srem",
	EventSPop:                 "spop",
	EventSInterStore:          "sinterstore",
	EventSUnionStore:          "sunionstore",
	EventSDiffStore:           "sdiffstore",
	EventHSet:                 "hset",
	EventHIncrBy:              "hincrby",
	EventHIncrByFloat:         "hincrbyfloat",
	EventHDel:                 "hdel",
	EventHExpire:              "hexpire",
	EventHPersist:             "hpersist",
	EventHExpired:             "hexpired",
	EventZAdd:                 "zadd",
	EventZIncr:                "zincr",
	EventZRem:                 "zrem",
	EventZRemRangeByScore:     "zremrangebyscore",
	EventZRemRangeByRank:      "zremrangebyrank",
	EventZRemRangeByLex:       "zremrangebylex",
	EventZPopMin:              "zpopmin",
	EventZPopMax:              "zpopmax",
	EventZInterStore:          "zinterstore",
	EventZUnionStore:          "zunionstore",
	EventZDiffStore:           "zdiffstore",
	EventZRangeStore:          "zrangestore",
	EventXAdd:                 "xadd",
	EventXTrim:                "xtrim",
	EventXDel:                 "xdel",
	EventXSetID:               "xsetid",
	EventXGroupCreate:         "xgroup-create",
	EventXGroupCreateConsumer: "xgroup-createconsumer",
	EventXGroupDelConsumer:    "xgroup-delconsumer",
	EventXGroupDestroy:        "xgroup-destroy",
	EventXGroupSetID:          "xgroup-setid",
	EventXClaim:               "xclaim",
	EventXAutoClaim:           "xautoclaim",
	EventXReadGroup:           "xreadgroup",
	EventPFAdd:                "pfadd",
	EventPFMerge:              "pfadd",
	EventGeoRadiusStore:       "georadiusstore",
	EventGeoSearchStore:       "geosearchstore",
	EventRestore:              "restore",
	EventEvicted:              "evicted",
}

// String returns the event's name as a notification shows it.
func (e Event) String() string { return eventNames[e] }
