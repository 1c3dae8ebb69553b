package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// builder makes files from the description of the format, independently of the Encoder.
type builder struct{ b []byte }

func (b *builder) raw(p ...byte) *builder        { b.b = append(b.b, p...); return b }
func (b *builder) text(s string) *builder        { b.b = append(b.b, s...); return b }
func (b *builder) length(n uint64) *builder      { b.b = appendLength(b.b, n); return b }
func (b *builder) str(s string) *builder         { return b.length(uint64(len(s))).text(s) }
func (b *builder) u64(v uint64) *builder         { b.b = binary.LittleEndian.AppendUint64(b.b, v); return b }
func (b *builder) key(t Type, k string) *builder { return b.raw(byte(t)).str(k) }

// file completes a file; sum says whether it has a checksum.
func (b *builder) file(sum bool) []byte {
	b.raw(opEnd)
	if sum {
		b.u64(Checksum(0, b.b))
	}
	return b.b
}

// zip makes a ziplist of integers and strings.
func zip(items ...any) string {
	b := make([]byte, ziplistHeader)
	prev, tail := 0, ziplistHeader
	for _, it := range items {
		tail = len(b)
		if prev < 254 {
			b = append(b, byte(prev))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, 254), uint32(prev))
		}
		switch v := it.(type) {
		case int:
			switch {
			case v >= 0 && v <= 12:
				b = append(b, 0xf1+byte(v))
			case v == int(int8(v)):
				b = append(b, 0xfe, byte(v))
			case v == int(int16(v)):
				b = binary.LittleEndian.AppendUint16(append(b, 0xc0), uint16(v))
			case v >= -1<<23 && v < 1<<23:
				b = append(b, 0xf0, byte(v), byte(v>>8), byte(v>>16))
			case v == int(int32(v)):
				b = binary.LittleEndian.AppendUint32(append(b, 0xd0), uint32(v))
			default:
				b = binary.LittleEndian.AppendUint64(append(b, 0xe0), uint64(v))
			}
		case string:
			switch n := len(v); {
			case n < 64:
				b = append(b, byte(n))
			case n < 1<<14:
				b = append(b, 0x40|byte(n>>8), byte(n))
			default:
				b = binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
			}
			b = append(b, v...)
		}
		prev = len(b) - tail
	}
	b = append(b, packedEnd)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	binary.LittleEndian.PutUint32(b[4:], uint32(tail))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(items)))
	return string(b)
}

// zmap makes a zipmap; every value has so many unused bytes behind it.
func zmap(unused int, items ...string) string {
	b := []byte{byte(len(items) / 2)}
	for i, s := range items {
		if len(s) < 254 {
			b = append(b, byte(len(s)))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, 254), uint32(len(s)))
		}
		if i%2 == 1 {
			b = append(b, byte(unused))
		}
		b = append(b, s...)
		if i%2 == 1 {
			b = append(b, make([]byte, unused)...)
		}
	}
	return string(append(b, packedEnd))
}

// pack makes a listpack.
func pack(items ...any) string {
	b := beginListpack(nil)
	for _, it := range items {
		switch v := it.(type) {
		case int:
			b = appendNumber(b, int64(v))
		case string:
			b = appendElement(b, []byte(v))
		}
	}
	return string(endListpack(b, len(items)))
}

func ints(width int, v ...int64) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	for _, n := range v {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]...)
	}
	return string(b)
}

func elems(s ...string) (e []elem) {
	for _, x := range s {
		e = append(e, elem{Elem: x})
	}
	return e
}

func rec(key string, k Kind, e ...elem) record {
	return record{Key: key, Idle: -1, Freq: -1, Kind: k, Elems: e}
}

var long = strings.Repeat("a long value that takes more than 254 bytes ", 10)

// oldValues writes one key of each way that Redis had to write our kinds up to 7.0.
func oldValues(b *builder) []record {
	b.key(typeString, "int8").raw(0xc0, 0x85)
	b.key(typeString, "int16").raw(0xc1, 0x00, 0x80)
	b.key(typeString, "int32").raw(0xc2, 1, 0, 0, 0x80)
	b.key(typeString, "lzf").raw(0xc3).length(5).length(20).raw(0, 'a', 0xe0, 10, 0)
	b.key(typeString, "length of 32 bits").raw(0x80, 0, 0, 0, 2).text("ab")
	b.key(typeString, "length of 64 bits").raw(0x81, 0, 0, 0, 0, 0, 0, 0, 2).text("ab")
	b.raw(typeStringByte, 0xc1, 0x39, 0x30).str("key is a number")
	b.key(typeList, "list").length(3).str("a").raw(0xc0, 7).str(long)
	b.key(typeSet, "set").length(2).str("a").raw(0xc0, 7)
	b.key(typeZSetText, "zset with text").length(4).str("a").raw(3).text("1.5").str("b").raw(254).str("c").raw(255).str("d").raw(2).text("-7")
	b.key(typeHash, "hash").length(1).str("f").str("v")
	b.key(typeZSet, "zset").length(1).str("m").u64(math.Float64bits(2.25))
	b.key(typeZipmap, "zipmap").str(zmap(3, "f", "v", "g", long))
	b.key(typeListZiplist, "ziplist").str(zip("a", 5, -3, 1000, -70000, 9000000, math.MinInt64, long, "z", strings.Repeat("x", 20000), 12, 13))
	for w, v := range map[int]int64{2: -3, 4: 70000, 8: 1 << 40} {
		b.key(typeIntset, fmt.Sprint("intset ", w)).str(ints(w, min(v, 1), max(v, 5)))
	}
	b.key(typeZSetZiplist, "zset ziplist").str(zip("a", 1, "b", "2.5"))
	b.key(typeHashZiplist, "hash ziplist").str(zip("f", 1, "g", long))
	b.key(typeQuicklist, "quicklist").length(2).str(zip("a", 1)).str(zip("b"))
	b.key(typeHashListpack, "hash listpack").str(pack("f", 1, "g", long))
	b.key(typeZSetListpack, "zset listpack").str(pack("a", 1, "b", "2.5"))
	b.key(typeQuicklist2, "quicklist 2").length(2).length(nodePlain).str("plain").length(nodePacked).str(pack("a", -4096, 4095, -4097, 1<<40, 1<<20, 1<<30))
	return []record{
		rec("int8", String, elems("-123")...), rec("int16", String, elems("-32768")...), rec("int32", String, elems("-2147483647")...),
		rec("lzf", String, elems(strings.Repeat("a", 20))...), rec("length of 32 bits", String, elems("ab")...),
		rec("length of 64 bits", String, elems("ab")...), rec("12345", String, elems("key is a number")...),
		rec("list", List, elems("a", "7", long)...), rec("set", Set, elems("a", "7")...),
		rec("zset with text", ZSet, elem{Elem: "a", Score: 1.5}, elem{Elem: "b", Score: math.Inf(1)}, elem{Elem: "c", Score: math.Inf(-1)}, elem{Elem: "d", Score: -7}),
		rec("hash", Hash, elem{Elem: "f", Value: "v"}), rec("zset", ZSet, elem{Elem: "m", Score: 2.25}),
		rec("zipmap", Hash, elem{Elem: "f", Value: "v"}, elem{Elem: "g", Value: long}),
		rec("ziplist", List, elems("a", "5", "-3", "1000", "-70000", "9000000", "-9223372036854775808", long, "z", strings.Repeat("x", 20000), "12", "13")...),
		rec("intset 2", Set, elems("-3", "5")...), rec("intset 4", Set, elems("1", "70000")...), rec("intset 8", Set, elems("1", "1099511627776")...),
		rec("zset ziplist", ZSet, elem{Elem: "a", Score: 1}, elem{Elem: "b", Score: 2.5}),
		rec("hash ziplist", Hash, elem{Elem: "f", Value: "1"}, elem{Elem: "g", Value: long}),
		rec("quicklist", List, elems("a", "1", "b")...),
		rec("hash listpack", Hash, elem{Elem: "f", Value: "1"}, elem{Elem: "g", Value: long}),
		rec("zset listpack", ZSet, elem{Elem: "a", Score: 1}, elem{Elem: "b", Score: 2.5}),
		rec("quicklist 2", List, elems("plain", "a", "-4096", "4095", "-4097", "1099511627776", "1048576", "1073741824")...),
	}
}

const typeStringByte = byte(typeString)

// oldStream writes a stream of type t, with a deleted entry, a group and two consumers.
func oldStream(b *builder, t Type) record {
	id := func(ms, seq uint64) string {
		return string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, ms), seq))
	}
	b.key(t, "stream").length(1).str(id(1000, 0)).str(pack(2, 1, 1, "f", 0,
		2, 0, 0, "v", 4, 3, 5, 1, "dead", 4, 0, 7, 0, 2, "f", "w", "g", 5, 8))
	b.length(2).length(1007).length(0)
	info := StreamInfo{Length: 2, Last: ID{1007, 0}, Groups: 1, Old: t == typeStream1}
	read := int64(-1)
	if t >= typeStream2 {
		b.length(1000).length(0).length(1005).length(1).length(3)
		info.First, info.MaxDeleted, info.Added = ID{1000, 0}, ID{1005, 1}, 3
		read = 3
	}
	b.length(1).str("group").length(1007).length(0)
	if t >= typeStream2 {
		b.length(3)
	}
	b.length(2).text(id(1000, 0)).u64(5555).length(4).text(id(1007, 0)).u64(6666).length(1)
	b.length(2)
	active := int64(77)
	for i, name := range []string{"one", "two"} {
		b.str(name).u64(77)
		if t >= typeStream3 {
			b.u64(math.MaxUint64)
			active = -1
		}
		if i == 0 {
			b.length(2).text(id(1000, 0)).text(id(1007, 0))
		} else {
			b.length(0)
		}
	}
	r := rec("stream", Stream)
	r.Stream = &streamRecord{Info: info,
		Entries: []entryRecord{{ID{1000, 0}, []string{"f", "v"}}, {ID{1007, 0}, []string{"f", "w", "g", "5"}}},
		Groups: []groupRecord{{"group", ID{1007, 0}, read, []consumerRecord{
			{"one", 77, active, []Pending{{ID: ID{1000, 0}, Time: 5555, Count: 4}, {ID: ID{1007, 0}, Time: 6666, Count: 1}}},
			{"two", 77, active, nil}}}}}
	return r
}

// TestOldVersions reads files of all versions of Redis, each with what it could have.
func TestOldVersions(t *testing.T) {
	for version := 1; version <= newestRedis; version++ {
		for _, stream := range []Type{typeStream1, typeStream2, typeStream3} {
			b := (&builder{}).text(fmt.Sprintf("REDIS%04d", version))
			b.raw(opSelectDB).length(0)
			want := oldValues(b)
			want = append(want, oldStream(b, stream))
			b.raw(opDeadlineS, 0, 0, 0, 0x70).key(typeString, "seconds").str("x")
			b.raw(opDeadlineMs).u64(1<<41).raw(opIdle).length(70).key(typeString, "milliseconds").str("x")
			b.raw(opFreq, 255).key(typeString, "frequency").str("x")
			s := rec("seconds", String, elems("x")...)
			s.Deadline = 0x70000000 * 1000
			m := rec("milliseconds", String, elems("x")...)
			m.Deadline, m.Idle = 1<<41, 70
			f := rec("frequency", String, elems("x")...)
			f.Freq = 255
			want = append(want, s, m, f)
			got, err := readAll(bytes.NewReader(b.file(version >= checksumVersion)), 0)
			if err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
			compare(t, got, &contents{Records: want})
		}
	}
}

// TestOldVersionsOnRedis: redis-server understands the same in these files, so that they
// are what they are meant to be.
func TestOldVersionsOnRedis(t *testing.T) {
	for _, stream := range []Type{typeStream1, typeStream2} {
		b := (&builder{}).text("REDIS0010").raw(opSelectDB).length(0)
		want := oldValues(b)
		want = append(want, oldStream(b, stream))
		s := want[len(want)-1].Stream
		s.Info = StreamInfo{Length: 2, Last: s.Info.Last, First: ID{1000, 0}, MaxDeleted: s.Info.MaxDeleted, Added: 2, Groups: 1}
		s.Groups[0].Read = 2
		if stream == typeStream2 {
			s.Info.Added, s.Groups[0].Read = 3, 3
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), b.file(true), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(bytes.NewReader(startOracle(t, dir).file()), 0)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, &contents{Records: want})
	}
}

// TestFieldDeadlines reads hashes with deadlines in all the ways there are.
func TestFieldDeadlines(t *testing.T) {
	const at = 1_900_000_000_000
	want := []elem{{Elem: "f", Value: "v", Deadline: at}, {Elem: "g", Value: "w", Deadline: at + 5}, {Elem: "h", Value: "7"}}
	b := (&builder{}).text("REDIS0012").raw(opSelectDB).length(0)
	b.key(typeHashTTLEarly, "22").length(3).length(at).str("f").str("v").length(at + 5).str("g").str("w").length(0).str("h").str("7")
	b.key(typeHashLPEarly, "23").str(pack("f", "v", at, "g", "w", at+5, "h", 7, 0))
	b.key(typeHashTTL, "24").u64(at).length(3).length(1).str("f").str("v").length(6).str("g").str("w").length(0).str("h").str("7")
	b.key(typeHashLPTTL, "25").u64(at).str(pack("f", "v", at, "g", "w", at+5, "h", 7, 0))
	got, err := readAll(bytes.NewReader(b.file(true)), 0)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, &contents{Records: []record{rec("22", Hash, want...), rec("23", Hash, want...), rec("24", Hash, want...), rec("25", Hash, want...)}})

	for _, bad := range []string{pack("f", "v", -1), pack("f", "v", 1<<48), pack("f", "v", "x"), pack("f", "v")} {
		b := (&builder{}).text("REDIS0012").key(typeHashLPTTL, "25").u64(at).str(bad)
		if _, err := readAll(bytes.NewReader(b.file(true)), 0); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestValkey reads what means something else in Valkey's files.
func TestValkey(t *testing.T) {
	const at = 1_900_000_000_000
	b := (&builder{}).text("VALKEY080").raw(opAux).str("valkey-ver").str("9.0.0")
	b.raw(opSlotImport).str("0123456789012345678901234567890123456789").length(2).length(0).length(5).length(7).length(16383)
	b.raw(opSelectDB).length(0).raw(opSizes).length(1).length(0)
	b.raw(opSlotInfo).length(16383).length(3).length(1)
	b.key(typeHashTTLEarly, "hash").length(2).str("f").str("v").u64(at).str("g").str("w").u64(math.MaxUint64)
	body := b.b
	got, err := readAll(bytes.NewReader(b.file(true)), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := rec("hash", Hash, elem{Elem: "f", Value: "v", Deadline: at}, elem{Elem: "g", Value: "w"})
	compare(t, got, &contents{Records: []record{want}})
	if got.Dialect != Valkey || got.Version != 80 || got.Aux["valkey-ver"] != "9.0.0" {
		t.Errorf("%v %d %v", got.Dialect, got.Version, got.Aux)
	}
	for _, typ := range []Type{typeHashLPEarly, typeHashTTL, typeHashLPTTL} {
		b := (&builder{}).text("VALKEY080").key(typ, "hash").u64(at).str(pack("f", "v", at))
		if _, err := readAll(bytes.NewReader(b.file(true)), 0); err == nil {
			t.Errorf("type %d of Valkey was read", typ)
		}
	}
	redis := bytes.Replace(body, []byte("VALKEY080"), []byte("REDIS0012"), 1)
	if _, err := readAll(bytes.NewReader((&builder{redis}).file(true)), 0); err == nil {
		t.Error("Valkey's opcode was read in a file of Redis")
	}
	p := (&builder{}).raw(byte(typeHashTTLEarly)).length(1).str("f").str("v").u64(at).raw(80, 0)
	v, err := ParseDump(p.u64(Checksum(0, p.b)).b)
	if err != nil || v.Dialect != Valkey {
		t.Errorf("payload: %v, %v", v.Dialect, err)
	}
}

// TestOldFunctionsAndModules: functions of the first candidates of 7.0, data of modules.
func TestOldFunctionsAndModules(t *testing.T) {
	b := (&builder{}).text("REDIS0010")
	b.raw(opFunctionRC).str("lib").str("LUA").length(1).str("what it does").str("the code")
	b.raw(opFunctionRC).str("bare").str("LUA").length(0).str("code")
	b.raw(opFunction).str("#!lua name=new\ncode")
	b.raw(opModuleAux).raw(0x81).raw(make([]byte, 8)...).length(moduleUint).length(2).length(moduleInt).length(5).
		length(moduleFloat).raw(1, 2, 3, 4).length(moduleDouble).u64(7).length(moduleString).str(long).length(moduleString).raw(0xc0, 1).length(moduleEnd)
	b.key(typeString, "k").str("v")
	got, err := readAll(bytes.NewReader(b.file(true)), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"#!lua name=lib\nthe code", "#!lua name=bare\ncode", "#!lua name=new\ncode"}
	if fmt.Sprint(got.Functions) != fmt.Sprint(want) || len(got.Records) != 1 {
		t.Errorf("%q, %d keys", got.Functions, len(got.Records))
	}
}

// TestRefuses: what cannot be read is named, with its key and where it is.
func TestRefuses(t *testing.T) {
	module := uint64(0)
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, c := range "ReJSON-RL" {
		module = module<<6 | uint64(strings.IndexRune(set, c))
	}
	header := func() *builder { return (&builder{}).text("REDIS0011").key(typeString, "first").str("v") }
	for _, c := range []struct {
		b    *builder
		want string
	}{
		{header().key(typeModule, "doc").raw(0x81).raw(binary.BigEndian.AppendUint64(nil, module<<10|3)...), `at offset 18, key "doc" of database 0: a value of a type that Kring does not have: module type ReJSON-RL`},
		{header().key(28, "array"), `at offset 18, key "array" of database 0: a value of a type that Kring does not have: type 28, an array`},
		{header().key(200, "k"), `at offset 18, key "k" of database 0: a value of a type that Kring does not have: type 200`},
		{header().raw(opSlotImport), "at offset 18: opcode 243: metadata that a module attached to a key"},
		{header().key(typeHash, "h").length(7).str("f"), `at offset 18, key "h" of database 0: the data ends too early: unexpected EOF`},
		{(&builder{}).text("REDIS0099"), "at offset 0: version 99 of Redis's format is not known"},
		{(&builder{}).text("VALKEY081"), "at offset 0: version 81 of Valkey's format is not known"},
		{(&builder{}).text("REDIS01x1"), "at offset 0: this is no RDB file: it begins with neither REDIS nor VALKEY and a version"},
		{(&builder{}).text("*1\r\n$4\r\nPING\r\n"), "at offset 0: this is no RDB file: it begins with neither REDIS nor VALKEY and a version"},
		{(&builder{}).text("RED"), "at offset 0: the data ends too early: unexpected EOF"},
	} {
		_, err := readAll(bytes.NewReader(c.b.b), 0)
		if err == nil || err.Error() != c.want {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
	b := header()
	p := b.file(true)
	p[12] ^= 1
	if _, err := readAll(bytes.NewReader(p), 0); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a damaged file: %v", err)
	}
	b = header()
	b.raw(opEnd).u64(0)
	if _, err := readAll(bytes.NewReader(b.b), 0); err != nil {
		t.Errorf("a file without checksum: %v", err)
	}
}
