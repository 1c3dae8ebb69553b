package resp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// loopSource is a Source that never runs dry: Discard at the end starts over.
type loopSource struct {
	data []byte
	at   int
}

func (s *loopSource) Len() int { return len(s.data) - s.at }
func (s *loopSource) PeekAt(off int) []byte {
	if s.at+off >= len(s.data) {
		return nil
	}
	return s.data[s.at+off:]
}
func (s *loopSource) Discard(n int) {
	if s.at += n; s.at == len(s.data) {
		s.at = 0
	}
}

func multibulk(args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b.String()
}

// benchParse parses cmd in pipelines of 64 that lie in one node; ns/op is per command.
func benchParse(b *testing.B, cmd string) { benchBatches(b, cmd, func(*Batch) {}) }

// benchBatches is benchParse with something done to each batch.
func benchBatches(b *testing.B, cmd string, each func(*Batch)) {
	src := &loopSource{data: []byte(strings.Repeat(cmd, 64))}
	var p Parser
	batch := GetBatch()
	defer batch.Release()
	lim := DefaultLimits()
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		if err := p.Parse(src, batch, MaxBatch, &lim); err != nil || batch.N == 0 {
			b.Fatal(err, batch.N)
		}
		each(batch)
		n += batch.N
		p.Done(src, batch)
	}
}

var (
	key16 = "key:000000012345"[:16]
	val64 = strings.Repeat("v", 64)
)

func BenchmarkParseSet(b *testing.B) { benchParse(b, multibulk("SET", key16, val64)) }
func BenchmarkParseGet(b *testing.B) { benchParse(b, multibulk("GET", key16)) }
func BenchmarkParsePing(b *testing.B) {
	benchParse(b, multibulk("PING"))
}
func BenchmarkParseSet1K(b *testing.B) {
	benchParse(b, multibulk("SET", key16, strings.Repeat("v", 1024)))
}
func BenchmarkParseMset20(b *testing.B) {
	args := []string{"MSET"}
	for range 10 {
		args = append(args, key16, val64)
	}
	benchParse(b, multibulk(args...))
}
func BenchmarkParseInline(b *testing.B)       { benchParse(b, "SET "+key16+" "+val64+"\r\n") }
func BenchmarkParseInlineQuoted(b *testing.B) { benchParse(b, "SET "+key16+" \"a\\x41b c\"\r\n") }

// mixed alternates lengths, so that branches cannot be learnt from one command.
func BenchmarkParseMixed(b *testing.B) {
	var s strings.Builder
	for i := range 64 {
		switch i * 7 % 5 {
		case 0:
			s.WriteString(multibulk("GET", key16[:7+i%9]))
		case 1:
			s.WriteString(multibulk("SET", key16, val64[:i]))
		case 2:
			s.WriteString(multibulk("HINCRBY", key16[:9], "f", "1"))
		case 3:
			s.WriteString(multibulk("SET", key16, strings.Repeat("x", 100+i)))
		case 4:
			s.WriteString(multibulk("DEL", "k"))
		}
	}
	src := &loopSource{data: []byte(s.String())}
	parseAll(b, src)
}

// parseAll parses b.N commands of an endless source, a batch at a time.
func parseAll(b *testing.B, src Source) {
	var p Parser
	batch := GetBatch()
	defer batch.Release()
	lim := DefaultLimits()
	b.ReportAllocs()
	for n := 0; n < b.N; {
		if err := p.Parse(src, batch, MaxBatch, &lim); err != nil || batch.N == 0 {
			b.Fatal(err, batch.N)
		}
		n += batch.N
		p.Done(src, batch)
	}
}

// ringSource is a loop over fixed-size nodes that borders cut anywhere.
type ringSource struct {
	data []byte
	node int
	at   int
}

func (s *ringSource) Len() int { return len(s.data) - s.at }
func (s *ringSource) PeekAt(off int) []byte {
	i := s.at + off
	if i >= len(s.data) {
		return nil
	}
	return s.data[i:min(len(s.data), (i/s.node+1)*s.node)]
}
func (s *ringSource) Discard(n int) {
	if s.at += n; s.at == len(s.data) {
		s.at = 0
	}
}

// BenchmarkParseSetNodes is SET over nodes of 16 KB with straddlers at the borders.
func BenchmarkParseSetNodes(b *testing.B) {
	cmd := multibulk("SET", key16, val64)
	src := &ringSource{data: bytes.Repeat([]byte(cmd), 4096), node: 16 << 10}
	parseAll(b, src)
}

// BenchmarkParseBig moves bulks of 1 MB through Direct; bytes are those of the bulk.
func BenchmarkParseBig(b *testing.B) {
	const size = 1 << 20
	head := []byte(fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", size))
	body := append(bytes.Repeat([]byte("v"), size), "\r\n"...)
	var p Parser
	batch := GetBatch()
	defer batch.Release()
	lim := DefaultLimits()
	b.SetBytes(size)
	b.ReportAllocs()
	for range b.N {
		src := SliceSource(head)
		rest := body
		for batch.N == 0 {
			if err := p.Parse(&src, batch, 1, &lim); err != nil {
				b.Fatal(err)
			}
			if d := p.Direct(); d != nil {
				n := copy(d, rest)
				p.Filled(n)
				rest = rest[n:]
			} else if batch.N == 0 {
				src = rest
				rest = nil
			}
		}
		p.Done(&src, batch)
	}
}

func BenchmarkParseInt(b *testing.B) {
	for _, s := range []string{"7", "12345", "-9223372036854775808"} {
		text := []byte(s)
		b.Run(s, func(b *testing.B) {
			for range b.N {
				if _, ok := ParseInt(text); !ok {
					b.Fatal(s)
				}
			}
		})
	}
}

func BenchmarkAppendInt(b *testing.B) {
	for _, n := range []int64{7, 42, 12345, -9223372036854775808} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var buf [32]byte
			for range b.N {
				AppendInt(buf[:0], n)
			}
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	val := []byte(val64)
	var d Discard
	var w Writer
	w.Bind(&d, RESP2)
	bench := func(name string, fn func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				fn()
			}
			w.Flush()
		})
	}
	bench("OK", func() { w.OK() })
	bench("Int", func() { w.Int(123456) })
	bench("IntSmall", func() { w.Int(1) })
	bench("Null", func() { w.Null() })
	bench("Bulk64", func() { w.Bulk(val) })
	bench("BulkInt", func() { w.BulkInt(123456) })
	bench("Double", func() { w.Double(3.25) })
}
