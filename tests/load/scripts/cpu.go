package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const incr = "return redis.call('incr', KEYS[1])"

const limiter = `local key, now, window, limit = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', key, 0, now - window)
local n = redis.call('ZCARD', key)
if n < limit then
  redis.call('ZADD', key, now, ARGV[4])
  redis.call('PEXPIRE', key, window)
  return {1, limit - n - 1}
end
return {0, 0}`

const bucket = `local rate, capacity, now, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local b = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(b[1]) or capacity, tonumber(b[2]) or now
local filled = math.min(capacity, tokens + math.max(0, now - at) * rate / 1000)
local allowed = 0
if filled >= wanted then
  allowed, filled = 1, filled - wanted
end
redis.call('HSET', KEYS[1], 'tokens', filled, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000))
return {allowed, filled}`

const document = `local doc = cjson.decode(redis.call('GET', KEYS[1]))
doc.visits = doc.visits + 1
redis.call('SET', KEYS[1], cjson.encode(doc))
return doc.visits`

// row is one line of the table.
type row struct {
	name        string
	script      string
	keysAndArgs []string // of EVALSHA, after the number of keys, which is 1
	pipeline    int
	divisor     int     // of -requests
	bound, aim  float64 // of Kring's CPU per call over redis-server's
	documents   bool    // it wants those
	results     [2][]kit.Result
	shas        [2]string
	pair        [2]*harness.Server
	oneReactor  bool
}

func rows() []*row {
	random := func(prefix string) string { return prefix + "__rand_int__" }
	now := random("1") // milliseconds, within a quarter of an hour
	limits := []string{random("limit:"), now, "60000", "10", random("m:")}
	return []*row{
		{name: "incr -P 16", script: incr, keysAndArgs: []string{random("counter:")}, pipeline: 16, divisor: 1, bound: 0.60, aim: 0.40},
		{name: "incr, one reactor", script: incr, keysAndArgs: []string{random("counter:")}, pipeline: 1, divisor: 5, bound: 1.05, aim: 1.0, oneReactor: true},
		{name: "sliding window limiter -P 16", script: limiter, keysAndArgs: limits, pipeline: 16, divisor: 2, bound: 0.60, aim: 0.45},
		{name: "token bucket -P 16", script: bucket, keysAndArgs: []string{random("bucket:"), "10", "100", now, "1"}, pipeline: 16, divisor: 2, bound: 0.60, aim: 0.45},
		{name: "cjson of 1 KB -P 16", script: document, keysAndArgs: []string{random("doc:")}, pipeline: 16, divisor: 10, bound: 1.0, aim: 0.7, documents: true},
	}
}

// documents is how many there are; they are 1 KB each.
const documents = 50_000

// fill loads what the scripts of the rows read.
func fill(srv *harness.Server, o options, rows []*row) error {
	if err := kit.Fill(srv, kit.FillSpec{Keys: o.keys, Key: kit.CounterKey, Value: []byte("0")}); err != nil {
		return err
	}
	if !slices.ContainsFunc(rows, func(r *row) bool { return r.documents }) {
		return nil
	}
	return kit.Fill(srv, kit.FillSpec{Keys: documents, Value: []byte(sample()), Key: func(dst []byte, i int) []byte {
		return kit.Padded(dst, "doc:", i)
	}})
}

// sample is a document such as job queues have, about 1 KB long.
func sample() string {
	var items []string
	for i := range 10 {
		items = append(items, fmt.Sprintf(`{"id":%d,"name":"item number %d","price":%d.5,"tags":["a","b"],"ok":true}`, 1000+i, i, i*3))
	}
	return `{"visits":0,"user":"somebody@example.com","note":null,"ratio":0.25,"text":"` + strings.Repeat("lorem ipsum ", 14) + `","items":[` + strings.Join(items, ",") + `]}`
}

// runCPU compares the CPU per call.
func runCPU(s *kit.Servers, o options) (missed int, err error) {
	all := slices.DeleteFunc(rows(), func(r *row) bool { return !o.wants(r.name) })
	if len(all) == 0 {
		return 0, nil
	}
	redis, err := s.Redis()
	if err != nil {
		return 0, err
	}
	kring, err := s.Kring()
	if err != nil {
		return 0, err
	}
	single, err := s.Kring("--reactors", "1")
	if err != nil {
		return 0, err
	}
	kit.Banner(redis, kring)
	for _, srv := range []*harness.Server{redis, kring, single} {
		if err := fill(srv, o, all); err != nil {
			return 0, err
		}
	}
	for _, r := range all {
		r.pair = [2]*harness.Server{redis, kring}
		if r.oneReactor {
			r.pair[1] = single
		}
	}
	for round := range o.rounds {
		for _, r := range all {
			if err := r.run(o, round); err != nil {
				return 0, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	fmt.Printf("\n%d rounds, %d requests, %d keys, %d clients; medians; server CPU in us per EVALSHA\n\n%-30s %9s %9s %8s %8s %7s %13s %6s\n",
		o.rounds, o.requests, o.keys, o.clients, "script", "redis k/s", "kring k/s", "redis us", "kring us", "ratio", "(of rounds)", "bound")
	for _, r := range all {
		missed += r.print()
	}
	fmt.Println()
	return missed, nil
}

// run measures a row once on each of its servers.
func (r *row) run(o options, round int) error {
	for i := range r.pair {
		at := (i + round) % 2
		if r.shas[at] == "" {
			var err error
			if r.shas[at], err = load(r.pair[at], r.script); err != nil {
				return err
			}
		}
		keys := o.keys
		if r.documents {
			keys = documents
		}
		call := append([]string{"EVALSHA", r.shas[at], "1"}, r.keysAndArgs...)
		res, err := kit.Bench(r.pair[at], max(o.requests/r.divisor, 1), o.arguments(r.pipeline, keys, call)...)
		if err != nil {
			return err
		}
		r.results[at] = append(r.results[at], res)
	}
	return nil
}

// arguments are those of redis-benchmark.
func (o options) arguments(pipeline, keys int, call []string) []string {
	return append([]string{"-c", strconv.Itoa(o.clients), "-P", strconv.Itoa(pipeline), "-r", strconv.Itoa(keys)}, call...)
}

func (r *row) print() (missed int) {
	var rps, cpu [2]float64
	for i := range r.results {
		rps[i] = median(r.results[i], func(k kit.Result) float64 { return k.PerSecond }) / 1000
		cpu[i] = median(r.results[i], func(k kit.Result) float64 { return k.CPUMicros })
	}
	ratios := make([]float64, len(r.results[0]))
	for i := range ratios {
		ratios[i] = r.results[1][i].CPUMicros / r.results[0][i].CPUMicros
	}
	ratio := cpu[1] / cpu[0]
	verdict := kit.Verdict(ratio <= r.bound)
	switch {
	case ratio > r.bound:
		missed = 1
	case ratio <= r.aim:
		verdict += fmt.Sprintf(" (aim %.2f reached)", r.aim)
	}
	fmt.Printf("%-30s %9.0f %9.0f %8.3f %8.3f %7.3f %6.3f-%.3f %6.2f  %s\n", r.name, rps[0], rps[1], cpu[0], cpu[1], ratio,
		slices.Min(ratios), slices.Max(ratios), r.bound, verdict)
	return missed
}

func median(results []kit.Result, get func(kit.Result) float64) float64 {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = get(r)
	}
	return kit.Median(values)
}

// load is SCRIPT LOAD.
func load(srv *harness.Server, text string) (sha string, err error) {
	c, err := srv.Dial()
	if err != nil {
		return "", err
	}
	defer c.Close()
	v, err := c.Do("SCRIPT", "LOAD", text)
	if err == nil && v.IsError() {
		err = fmt.Errorf("SCRIPT LOAD: %s", v.Str)
	}
	return v.Str, err
}
