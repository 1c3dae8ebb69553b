package info

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/store"
)

// section is one section of INFO: its name, its title, what writes its lines, and what
// it needs to know for that.
type section struct {
	name, title string
	write       func(s *Source, w *writer)
	needs       need
}

// need is what a section is made from besides what anybody can read at any time.
type need uint8

const (
	needCrowd need = 1 << iota // a look at all clients
	needCalls                  // the calls by command, which the reactors show while somebody wants them
	needTimes                  // the histograms of these, too
)

// sectionList lists the sections in the order of INFO.
var sectionList = []section{
	{"server", "Server", writeServer, 0},
	{"clients", "Clients", writeClients, needCrowd},
	{"memory", "Memory", writeMemory, needCrowd},
	{"persistence", "Persistence", writePersistence, 0},
	{"stats", "Stats", writeStats, 0},
	{"replication", "Replication", writeReplication, 0},
	{"cpu", "CPU", writeCPU, 0},
	{"modules", "Modules", func(*Source, *writer) {}, 0},
	{"commandstats", "Commandstats", writeCommandStats, needCalls},
	{"errorstats", "Errorstats", writeErrorStats, 0},
	{"latencystats", "Latencystats", writeLatencyStats, needCalls | needTimes},
	{"cluster", "Cluster", writeCluster, 0},
	{"keyspace", "Keyspace", writeKeyspace, 0},
}

// notByDefault are the sections that INFO shows only when asked.
var notByDefault = map[string]bool{"commandstats": true, "latencystats": true}

// writer collects the lines of INFO and what was gathered for them.
type writer struct {
	bytes.Buffer
	sum     observe.Counters
	crowd   Crowd
	cmds    *stats.Table // calls and times by command
	now     time.Time
	changes int64                    // of the batch that asks, not collected yet
	note    func(name, value string) // if set, is told of every field
	counted bool                     // what follows is known
	store   store.Stats
	dbs     []store.Keys
}

// accounts are the store's, the same for all sections.
func (w *writer) accounts(s *store.Store) (*store.Stats, []store.Keys) {
	if !w.counted {
		w.store, w.dbs = s.Accounts()
		w.counted = true
	}
	return &w.store, w.dbs
}

// begin begins a field, whose name is in two parts, and returns where its value does. Then come the value, by
// numbers that are appended where they will stand, and end. Who asks in a loop would otherwise keep
// the garbage collector busy, and others waiting for it.
func (w *writer) begin(name, more string) (value int) {
	w.WriteString(name)
	w.WriteString(more)
	w.WriteByte(':')
	return w.Len()
}

func (w *writer) end(name, more string, value int) {
	if w.note != nil {
		w.note(name+more, string(w.Bytes()[value:]))
	}
	w.WriteString("\r\n")
}

func (w *writer) int(v int64) { w.Write(strconv.AppendInt(w.AvailableBuffer(), v, 10)) }
func (w *writer) float(v float64, prec int) {
	w.Write(strconv.AppendFloat(w.AvailableBuffer(), v, 'f', prec, 64))
}

// part writes a number within a field, behind what names it.
func (w *writer) part(name string, v int64) {
	w.WriteString(name)
	w.int(v)
}

func (w *writer) str(name, v string) {
	at := w.begin(name, "")
	w.WriteString(v)
	w.end(name, "", at)
}

func (w *writer) num(name string, v int64) {
	at := w.begin(name, "")
	w.int(v)
	w.end(name, "", at)
}

// sec writes a time in seconds.
func (w *writer) sec(name, more string, v float64) {
	at := w.begin(name, more)
	w.float(v, 6)
	w.end(name, more, at)
}

// ratio writes a number with two decimals.
func (w *writer) ratio(name string, v float64, unit string) {
	at := w.begin(name, "")
	w.float(v, 2)
	w.WriteString(unit)
	w.end(name, "", at)
}

// humanUnits are those of the *_human fields, largest first.
var humanUnits = [...]struct {
	size int64
	unit byte
}{{1 << 30, 'G'}, {1 << 20, 'M'}, {1 << 10, 'K'}}

// human writes a byte count the way INFO's *_human fields do: name is without that.
func (w *writer) human(name string, n int64) {
	const more = "_human"
	at := w.begin(name, more)
	w.bytes(n)
	w.end(name, more, at)
}

func (w *writer) bytes(n int64) {
	for _, u := range humanUnits {
		if n >= u.size {
			w.float(float64(n)/float64(u.size), 2)
			w.WriteByte(u.unit)
			return
		}
	}
	w.int(n)
	w.WriteByte('B')
}

// InfoIsLong implements command.StatsHost.
func (s *Source) InfoIsLong(c *command.Ctx, sections [][]byte) bool {
	needs := needsOf(sections)
	if needs&needCalls != 0 && !s.House.CallsAreShown(c) {
		return true
	}
	return needs&needCrowd != 0 && !s.House.CrowdIsShown()
}

// needsOf is what INFO with these arguments is made from.
func needsOf(sections [][]byte) (needs need) {
	for i := range sectionList {
		if sectionList[i].wanted(sections) {
			needs |= sectionList[i].needs
		}
	}
	return needs
}

// wanted tells whether INFO with these arguments shows the section.
func (sec *section) wanted(sections [][]byte) bool {
	if len(sections) == 0 {
		return !notByDefault[sec.name]
	}
	for _, word := range sections {
		if command.EqualFold(word, sec.name) || command.EqualFold(word, "all") || command.EqualFold(word, "everything") ||
			command.EqualFold(word, "default") && !notByDefault[sec.name] {
			return true
		}
	}
	return false
}

// Info implements command.StatsHost. A reactor makes it from what all have shown; only a
// worker asks for more.
func (s *Source) Info(c *command.Ctx, sections [][]byte) {
	w := s.writers.Get().(*writer)
	text := w.Buffer
	text.Reset()
	*w = writer{Buffer: text, now: time.Now(), sum: s.House.Counted(c)}
	// What went before in the batch, and is not collected yet.
	w.sum.Hits, w.sum.Misses, w.changes = w.sum.Hits+c.Hits, w.sum.Misses+c.Misses, c.Dirty
	w.sum.Errors += int64(c.W.Errors())
	needs := needsOf(sections)
	if needs&needCrowd != 0 {
		w.crowd = s.House.Look(c)
	}
	if needs&needCalls != 0 {
		sum := s.sums.Get().(*stats.Sum)
		defer s.sums.Put(sum)
		sum.Reset(needs&needTimes != 0)
		s.House.AddCalls(c, sum)
		w.cmds = sum.Table()
	}
	for i := range sectionList {
		sec := &sectionList[i]
		if !sec.wanted(sections) {
			continue
		}
		if w.Len() > 0 {
			w.WriteString("\r\n")
		}
		w.WriteString("# " + sec.title + "\r\n")
		sec.write(s, w)
	}
	c.W.Verbatim("txt", w.Bytes())
	s.writers.Put(w)
}

// executable and system do not change.
var (
	executable = sync.OnceValue(func() string {
		exe, _ := os.Executable() // an empty name tells as much as an error would
		return exe
	})
	system = sync.OnceValue(process.OSName)
)

// mode is what the server is.
func (s *Source) mode() string {
	if s.Options.ClusterEnabled.Load() {
		return "cluster"
	}
	return "standalone"
}

func writeCluster(s *Source, w *writer) {
	enabled := int64(0)
	if s.Options.ClusterEnabled.Load() {
		enabled = 1
	}
	w.num("cluster_enabled", enabled)
}

func writeServer(s *Source, w *writer) {
	up := int64(w.now.Sub(s.Started).Seconds())
	w.str("redis_version", command.Version)
	w.str("kring_version", s.Version)
	w.str("redis_git_sha1", "00000000")
	w.str("redis_git_dirty", "0")
	w.str("redis_build_id", "0")
	w.str("redis_mode", s.mode())
	w.str("os", system())
	w.num("arch_bits", strconv.IntSize)
	w.str("monotonic_clock", "Go runtime")
	w.str("atomicvar_api", "Go sync/atomic")
	w.str("gcc_version", "0.0.0")
	w.str("go_version", runtime.Version())
	w.str("multiplexing_api", s.Poller)
	w.num("process_id", int64(os.Getpid()))
	w.str("process_supervised", "no")
	w.str("run_id", s.RunID)
	w.num("tcp_port", s.Listeners.ShownPort())
	w.num("server_time_usec", w.now.UnixMicro())
	w.num("uptime_in_seconds", up)
	w.num("uptime_in_days", up/86400)
	w.num("hz", 1000/s.TickMs)
	w.num("configured_hz", 1000/s.TickMs)
	w.num("lru_clock", w.now.Unix()&(1<<24-1))
	w.str("executable", executable())
	w.str("config_file", s.Options.File())
	w.num("io_threads_active", 0)
	reactors, stripes := s.House.Reactors()
	w.num("reactors", int64(reactors))
	w.num("stripes", int64(stripes))
	plain, encrypted := s.Listeners.ByKind()
	for i, a := range slices.Concat(plain, encrypted) {
		network, where := a.Network(), a.String()
		host, port, err := net.SplitHostPort(where)
		if err != nil || network != "tcp" {
			host, port = where, ""
		} else if i >= len(plain) {
			network = "tls"
		}
		number := strconv.Itoa(i)
		at := w.begin("listener", number)
		for _, text := range [...]string{"name=", network, ",bind=", host} {
			w.WriteString(text)
		}
		if port != "" {
			w.WriteString(",port=")
			w.WriteString(port)
		}
		w.end("listener", number, at)
	}
}

// writeCPU shows the process and its children; what Redis does on its main thread all threads
// do here.
func writeCPU(_ *Source, w *writer) {
	write := func(t process.CPUTime, suffix string) {
		w.sec("used_cpu_sys", suffix, t.System)
		w.sec("used_cpu_user", suffix, t.User)
	}
	times := process.CPUTimes()
	for _, t := range times {
		if t.Children {
			write(t, "_children")
		} else {
			write(t, "")
		}
	}
	for _, t := range times {
		if !t.Children {
			write(t, "_main_thread")
		}
	}
}

func writeKeyspace(s *Source, w *writer) {
	_, dbs := w.accounts(s.Store)
	for _, k := range dbs {
		name := strconv.Itoa(k.DB)
		at := w.begin("db", name)
		w.part("keys=", int64(k.Keys))
		w.part(",expires=", int64(k.Expires))
		w.part(",avg_ttl=", s.meanTTL(&k, w.now))
		w.part(",subexpiry=", int64(k.Inner))
		w.end("db", name, at)
	}
}

// meanTTLs are the last estimates of the mean time to live, by database.
type meanTTLs struct {
	mu struct {
		sync.Mutex
		last map[int]meanTTL
	}
}

type meanTTL struct {
	at time.Time
	ms int64
}

// meanTTL is the mean time to live of the keys of a database that have one, in
// milliseconds. It is an estimate, and up to meanTTLFreshMs old: making it looks into every
// shard.
func (s *Source) meanTTL(k *store.Keys, now time.Time) int64 {
	if k.Expires == 0 {
		return 0
	}
	m := &s.ttls
	m.mu.Lock()
	last := m.mu.last[k.DB]
	m.mu.Unlock()
	if last.ms != 0 && now.Sub(last.at) <= meanTTLFreshMs*time.Millisecond {
		return last.ms
	}
	last = meanTTL{now, s.Store.MeanTTL(k.DB, now.UnixMilli())}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.last == nil {
		m.mu.last = map[int]meanTTL{}
	}
	m.mu.last[k.DB] = last
	return last.ms
}
