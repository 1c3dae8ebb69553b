package rdb

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// corpora are what compressors meet.
func corpora() map[string][]byte {
	g := rand.New(rand.NewPCG(5, 5))
	noise := make([]byte, 8192)
	for i := range noise {
		noise[i] = byte(g.Uint32())
	}
	var text, json strings.Builder
	words := strings.Fields("the quick brown fox jumps over a lazy dog while many small servers answer requests of their clients from memory")
	for text.Len() < 8192 {
		fmt.Fprintf(&text, "%s ", words[g.IntN(len(words))])
	}
	for json.Len() < 8192 {
		fmt.Fprintf(&json, `{"id":%d,"name":"user-%d","email":"user%d@example.com","active":%v,"score":%.3f},`, g.IntN(1e6), g.IntN(1e5), g.IntN(1e5), g.IntN(2) == 0, g.Float64())
	}
	hex := make([]byte, 8192)
	for i := range hex {
		hex[i] = "0123456789abcdef"[g.IntN(16)]
	}
	return map[string][]byte{"noise": noise, "hex": hex, "text": []byte(text.String()[:8192]), "json": []byte(json.String()[:8192]), "zeros": make([]byte, 8192)}
}

func BenchmarkCompress(b *testing.B) {
	for name, p := range corpora() {
		for _, n := range []int{64, 1024, 8192} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var c compressor
				b.SetBytes(int64(n))
				var z []byte
				for b.Loop() {
					z = c.compress(p[:n], false)
				}
				if z == nil {
					z = p[:n]
				}
				b.ReportMetric(float64(len(z))/float64(n), "ratio")
			})
		}
	}
}

func BenchmarkDecompress(b *testing.B) {
	for name, p := range corpora() {
		var c compressor
		z := c.compress(p, false)
		if z == nil {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			var to []byte
			for b.Loop() {
				to, _ = decompress(to, z, len(p))
			}
		})
	}
}

// mixed is a data set of small strings, small hashes, a large sorted set and a list.
func mixed(keys int) *contents {
	g := newGenerator(9)
	c := &contents{}
	for i := range keys {
		k := fmt.Sprintf("key:%09d", i)
		if i%4 == 3 {
			h := rec(k, Hash)
			for j := range 8 {
				h.Elems = append(h.Elems, elem{Elem: fmt.Sprintf("field-%d", j), Value: fmt.Sprintf("value-%d", g.IntN(1e6))})
			}
			c.Records = append(c.Records, h)
			continue
		}
		v := make([]byte, 64)
		for j := range v {
			v[j] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/"[g.IntN(64)]
		}
		c.Records = append(c.Records, rec(k, String, elem{Elem: string(v)}))
	}
	z, l := rec("zset", ZSet), rec("list", List)
	for i := range keys / 10 {
		z.Elems = append(z.Elems, elem{Elem: fmt.Sprintf("member:%d", i), Score: float64(i) * 1.5})
		l.Elems = append(l.Elems, elem{Elem: fmt.Sprintf("element:%d", g.IntN(1e6))})
	}
	c.Records = append(c.Records, z, l)
	return c
}

// plainRecord is a record whose strings need no conversion in the loop.
type plainRecord struct {
	meta  Meta
	shape Shape
	elems [][3][]byte
	score []float64
}

func plainRecords(c *contents) []plainRecord {
	var all []plainRecord
	for _, r := range c.Records {
		p := plainRecord{meta: Meta{Key: []byte(r.Key), Idle: -1, Freq: -1}, shape: Shape{Kind: r.Kind, N: len(r.Elems)}}
		for _, x := range r.Elems {
			p.elems = append(p.elems, [3][]byte{[]byte(x.Elem), []byte(x.Value)})
			p.score = append(p.score, x.Score)
			p.shape.Bytes += int64(len(x.Elem))
		}
		all = append(all, p)
	}
	return all
}

func (p *plainRecord) write(e *Encoder) {
	if p.shape.Kind == String {
		e.String(&p.meta, p.elems[0][0])
		return
	}
	e.Begin(&p.meta, p.shape)
	for i := range p.elems {
		switch x := &p.elems[i]; p.shape.Kind {
		case Hash:
			e.Field(x[0], x[1], 0)
		case ZSet:
			e.Scored(x[0], p.score[i])
		default:
			e.Elem(x[0])
		}
	}
	e.End()
}

const benchKeys = 50_000

func BenchmarkWrite(b *testing.B) {
	records := plainRecords(mixed(benchKeys))
	for _, compress := range []bool{false, true} {
		b.Run(fmt.Sprintf("compress=%v", compress), func(b *testing.B) {
			var n int64
			for b.Loop() {
				w := NewWriter(io.Discard, Format{Compress: compress, Checksum: true, Limits: DefaultLimits})
				for i := range records {
					records[i].write(&w.Encoder)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				n, _ = w.Written()
			}
			b.SetBytes(n)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/key")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, compress := range []bool{false, true} {
		file := writeAll(b, Format{Compress: compress, Checksum: true, Limits: DefaultLimits}, mixed(benchKeys), true)
		for _, decode := range []bool{false, true} {
			b.Run(fmt.Sprintf("compress=%v/decode=%v", compress, decode), func(b *testing.B) {
				b.SetBytes(int64(len(file)))
				keys := 0
				for b.Loop() {
					keys = readOnly(b, file, decode)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/key")
			})
		}
	}
}

// readOnly reads a file and its elements, and returns the number of keys.
func readOnly(b *testing.B, file []byte, decode bool) (keys int) {
	r := NewReader(bytes.NewReader(file), true)
	var it Item
	var d Decoder
	for {
		err := r.Next(&it)
		if err == io.EOF {
			return keys
		}
		if err != nil {
			b.Fatal(err)
		}
		if it.Kind != ItemKey || !it.First {
			continue
		}
		keys++
		if !decode {
			continue
		}
		for d.Open(&it.Value, it.First); d.Next(); {
		}
		if d.Err() != nil {
			b.Fatal(d.Err())
		}
	}
}

func BenchmarkDump(b *testing.B) {
	h := rec("h", Hash)
	for j := range 100 {
		h.Elems = append(h.Elems, elem{Elem: fmt.Sprintf("field-%d", j), Value: fmt.Sprintf("value-%d", j*7919)})
	}
	s := rec("s", String, elem{Elem: string(corpora()["hex"][:1024])})
	for name, p := range map[string]plainRecord{"hash": plainRecords(&contents{Records: []record{h}})[0], "string": plainRecords(&contents{Records: []record{s}})[0]} {
		e := NewEncoder(Format{Compress: true, Limits: DefaultLimits})
		var payload []byte
		b.Run(name+"/dump", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.BeginDump()
				p.write(e)
				payload, _ = e.EndDump()
			}
		})
		var d Decoder
		b.Run(name+"/restore", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := ParseDump(payload)
				if err != nil {
					b.Fatal(err)
				}
				for d.Open(&v, true); d.Next(); {
				}
			}
		})
	}
}
