package rdb

import "fmt"

// Type is the byte that says how a value is written. What it means can depend on the
// Dialect.
type Type uint8

// The types of Redis. hashPairsTTL (22) is Valkey's where the dialect is Valkey.
const (
	typeString       Type = 0
	typeList         Type = 1
	typeSet          Type = 2
	typeZSetText     Type = 3
	typeHash         Type = 4
	typeZSet         Type = 5
	typeModuleOld    Type = 6
	typeModule       Type = 7
	typeZipmap       Type = 9
	typeListZiplist  Type = 10
	typeIntset       Type = 11
	typeZSetZiplist  Type = 12
	typeHashZiplist  Type = 13
	typeQuicklist    Type = 14
	typeStream1      Type = 15
	typeHashListpack Type = 16
	typeZSetListpack Type = 17
	typeQuicklist2   Type = 18
	typeStream2      Type = 19
	typeSetListpack  Type = 20
	typeStream3      Type = 21
	typeHashTTLEarly Type = 22 // before the release of 7.4; Valkey: field, value, deadline
	typeHashLPEarly  Type = 23
	typeHashTTL      Type = 24
	typeHashLPTTL    Type = 25
)

// Opcodes stand where a Type could: they say something about the file or the next key.
const (
	opSlotImport = 243 // Valkey's; Redis uses the number for metadata that modules attach to a key
	opSlotInfo   = 244
	opFunction   = 245
	opFunctionRC = 246 // before the release of 7.0: name, engine, description and code
	opModuleAux  = 247
	opIdle       = 248
	opFreq       = 249
	opAux        = 250
	opSizes      = 251
	opDeadlineMs = 252
	opDeadlineS  = 253
	opSelectDB   = 254
	opEnd        = 255
	opFirst      = opSlotImport
)

// The first byte of a string, when its upper two bits are set.
const (
	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

// What precedes each part of the data of modules.
const (
	moduleEnd    = 0
	moduleInt    = 1
	moduleUint   = 2
	moduleFloat  = 3
	moduleDouble = 4
	moduleString = 5
)

// Containers of nodes in a list of typeQuicklist2.
const (
	nodePlain  = 1
	nodePacked = 2
)

// Dialect tells whose format a file or payload has, where the two differ.
type Dialect uint8

// Files of Valkey since 9 begin with VALKEY, their payloads have version 80.
const (
	Redis Dialect = iota
	Valkey
)

func (d Dialect) String() string { return [...]string{"Redis", "Valkey"}[d] }

// Kind is a type as users know it.
type Kind uint8

// The kinds in the order of Redis's first types.
const (
	String Kind = iota
	List
	Set
	ZSet
	Hash
	Stream
	kinds = iota
)

func (k Kind) String() string {
	return [...]string{"string", "list", "set", "zset", "hash", "stream"}[k]
}

// unit is what a value repeats: the reader cuts by it.
type unit uint8

const (
	unitString     unit = iota
	unitPair            // two strings
	unitTextScore       // string, text with a length byte
	unitScore           // string, 8 bytes
	unitNode            // length, string
	unitTTLPair         // length, two strings
	unitPairTTL         // two strings, 8 bytes
	unitStreamNode      // two strings; what follows the last one is the trailer
)

// form is how a string that holds many elements packs them.
type form uint8

const (
	notPacked form = iota
	listpack
	ziplist
	zipmap
	intset
)

// layout is how a type is written.
type layout struct {
	name    string
	kind    Kind
	unit    unit
	counted bool // the number of units stands before them; else there is one
	base    bool // 8 bytes stand before all: the earliest deadline of a field
	packed  form
	stride  int // elements of a packed form that make one element of the kind
	known   bool
}

var layouts = [...]layout{
	typeString:       {name: "string", kind: String, known: true},
	typeList:         {name: "list", kind: List, counted: true, known: true},
	typeSet:          {name: "set", kind: Set, counted: true, known: true},
	typeZSetText:     {name: "zset, scores as text", kind: ZSet, unit: unitTextScore, counted: true, known: true},
	typeHash:         {name: "hash", kind: Hash, unit: unitPair, counted: true, known: true},
	typeZSet:         {name: "zset", kind: ZSet, unit: unitScore, counted: true, known: true},
	typeModuleOld:    {name: "module, first format"},
	typeModule:       {name: "module"},
	typeZipmap:       {name: "hash as zipmap", kind: Hash, packed: zipmap, stride: 2, known: true},
	typeListZiplist:  {name: "list as ziplist", kind: List, packed: ziplist, stride: 1, known: true},
	typeIntset:       {name: "set as intset", kind: Set, packed: intset, stride: 1, known: true},
	typeZSetZiplist:  {name: "zset as ziplist", kind: ZSet, packed: ziplist, stride: 2, known: true},
	typeHashZiplist:  {name: "hash as ziplist", kind: Hash, packed: ziplist, stride: 2, known: true},
	typeQuicklist:    {name: "list of ziplists", kind: List, counted: true, packed: ziplist, stride: 1, known: true},
	typeStream1:      {name: "stream, first format", kind: Stream, unit: unitStreamNode, counted: true, packed: listpack, known: true},
	typeHashListpack: {name: "hash as listpack", kind: Hash, packed: listpack, stride: 2, known: true},
	typeZSetListpack: {name: "zset as listpack", kind: ZSet, packed: listpack, stride: 2, known: true},
	typeQuicklist2:   {name: "list of listpacks", kind: List, unit: unitNode, counted: true, packed: listpack, stride: 1, known: true},
	typeStream2:      {name: "stream, second format", kind: Stream, unit: unitStreamNode, counted: true, packed: listpack, known: true},
	typeSetListpack:  {name: "set as listpack", kind: Set, packed: listpack, stride: 1, known: true},
	typeStream3:      {name: "stream, third format", kind: Stream, unit: unitStreamNode, counted: true, packed: listpack, known: true},
	typeHashTTLEarly: {name: "hash with deadlines, early format", kind: Hash, unit: unitTTLPair, counted: true, known: true},
	typeHashLPEarly:  {name: "hash with deadlines as listpack, early format", kind: Hash, packed: listpack, stride: 3, known: true},
	typeHashTTL:      {name: "hash with deadlines", kind: Hash, unit: unitTTLPair, counted: true, base: true, known: true},
	typeHashLPTTL:    {name: "hash with deadlines as listpack", kind: Hash, base: true, packed: listpack, stride: 3, known: true},
}

// valkeyHash is what type 22 is in Valkey's files, which have no types above it.
var valkeyHash = layout{name: "hash with deadlines (Valkey)", kind: Hash, unit: unitPairTTL, counted: true, known: true}

// foreign names types that are known to exist, but not to us, for the error message.
var foreign = map[Type]string{
	8: "unused", 26: "a newer stream", 27: "a newer stream", 28: "an array",
	29: "a newer hash", 30: "a newer hash", 31: "a newer hash", 32: "a newer hash",
	33: "a newer hash or set", 34: "a newer hash or set", 35: "a newer hash or set",
}

// layoutOf returns how t is written in dialect d; known is false for what cannot be read.
func layoutOf(t Type, d Dialect) *layout {
	if d == Valkey && t >= typeHashTTLEarly {
		if t == typeHashTTLEarly {
			return &valkeyHash
		}
		return &layout{name: fmt.Sprintf("type %d of Valkey", t)}
	}
	if int(t) < len(layouts) && layouts[t].name != "" {
		return &layouts[t]
	}
	if name := foreign[t]; name != "" {
		return &layout{name: fmt.Sprintf("type %d, %s", t, name)}
	}
	return &layout{name: fmt.Sprintf("type %d", t)}
}
