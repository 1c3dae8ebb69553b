package entry

// Type is the kind of a value, numbered as in RDB files.
type Type uint8

// The value types.
const (
	String Type = 0
	List   Type = 1
	Set    Type = 2
	ZSet   Type = 3
	Hash   Type = 4
	Stream Type = 6
)

var typeNames = [16]string{
	String: "string",
	List:   "list",
	Set:    "set",
	ZSet:   "zset",
	Hash:   "hash",
	Stream: "stream",
}

// String returns the name that TYPE replies.
func (t Type) String() string { return typeNames[t&15] }

// Encoding tells how a value of its type is represented.
type Encoding uint8

// The encodings. Chunked is Kring's own form of a long raw string.
const (
	Raw Encoding = iota
	Int
	Embstr
	Chunked
	Listpack
	Quicklist
	Hashtable
	Intset
	Skiplist
	StreamNodes
	ListpackEx  // a packed hash some of whose fields have deadlines
	PackedTable // Kring's own form of a hash table of few fields
)

var encodingNames = [16]string{
	Raw:         "raw",
	Int:         "int",
	Embstr:      "embstr",
	Chunked:     "raw",
	Listpack:    "listpack",
	Quicklist:   "quicklist",
	Hashtable:   "hashtable",
	Intset:      "intset",
	Skiplist:    "skiplist",
	StreamNodes: "stream",
	ListpackEx:  "listpackex",
	PackedTable: "hashtable",
}

// String returns the name that OBJECT ENCODING replies.
func (e Encoding) String() string { return encodingNames[e&15] }
