package server

import (
	"bytes"
	"fmt"
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
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
)

// KringVersion is the version of this server; command.Version is the Redis it follows.
const KringVersion = "0.1.0"

// RedisVersion is the version of Redis whose behaviour the server follows.
const RedisVersion = command.Version

// infoSection is one section of INFO: its name, its title, what writes its lines, and what
// it needs to know for that.
type infoSection struct {
	name, title string
	write       func(s *Server, w *infoWriter)
	needs       infoNeed
}

// infoNeed is what a section is made from besides what anybody can read at any time.
type infoNeed uint8

const (
	needCrowd infoNeed = 1 << iota // a look at all clients
	needCalls                      // the calls by command, which the reactors must be asked for
)

// infoSections lists the sections in the order of INFO.
var infoSections = []infoSection{
	{"server", "Server", infoServer, 0},
	{"clients", "Clients", infoClients, needCrowd},
	{"memory", "Memory", infoMemory, needCrowd},
	{"persistence", "Persistence", infoPersistence, 0},
	{"stats", "Stats", infoStats, 0},
	{"replication", "Replication", infoReplication, 0},
	{"cpu", "CPU", infoCPU, 0},
	{"modules", "Modules", func(*Server, *infoWriter) {}, 0},
	{"commandstats", "Commandstats", infoCommandStats, needCalls},
	{"errorstats", "Errorstats", infoErrorStats, 0},
	{"latencystats", "Latencystats", infoLatencyStats, needCalls},
	{"cluster", "Cluster", func(_ *Server, w *infoWriter) { w.num("cluster_enabled", 0) }, 0},
	{"keyspace", "Keyspace", infoKeyspace, 0},
}

// notByDefault are the sections that INFO shows only when asked.
var notByDefault = map[string]bool{"commandstats": true, "latencystats": true}

// infoWriter collects the lines of INFO and what was gathered for them.
type infoWriter struct {
	bytes.Buffer
	sum   observe.Counters
	crowd crowd
	cmds  *stats.Table // calls and times by command
	now   time.Time
	note  func(name, value string) // if set, is told of every field
	store *store.Stats             // once it is needed
}

// storeStats are the store's accounts, the same for all sections.
func (w *infoWriter) storeStats(s *store.Store) *store.Stats {
	if w.store == nil {
		st := s.Stats()
		w.store = &st
	}
	return w.store
}

func (w *infoWriter) str(name, v string) {
	w.WriteString(name)
	w.WriteByte(':')
	w.WriteString(v)
	w.WriteString("\r\n")
	if w.note != nil {
		w.note(name, v)
	}
}

func (w *infoWriter) num(name string, v int64) {
	if w.note != nil {
		w.str(name, strconv.FormatInt(v, 10))
		return
	}
	w.WriteString(name)
	w.WriteByte(':')
	w.Write(strconv.AppendInt(w.AvailableBuffer(), v, 10))
	w.WriteString("\r\n")
}

func (w *infoWriter) sec(name string, v float64) { w.str(name, strconv.FormatFloat(v, 'f', 6, 64)) }

// human writes a byte count the way INFO's *_human fields do.
func (w *infoWriter) human(name string, n int64) {
	units := []struct {
		size int64
		unit string
	}{{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "K"}}
	for _, u := range units {
		if n >= u.size {
			w.str(name, fmt.Sprintf("%.2f%s", float64(n)/float64(u.size), u.unit))
			return
		}
	}
	w.str(name, strconv.FormatInt(n, 10)+"B")
}

// InfoIsLong implements command.StatsHost.
func (h statsHost) InfoIsLong(sections [][]byte) bool {
	var needs infoNeed
	for i := range infoSections {
		if infoSections[i].wanted(sections) {
			needs |= infoSections[i].needs
		}
	}
	if needs&needCalls != 0 {
		return true
	}
	_, fresh := h.srv.crowd.known()
	return needs&needCrowd != 0 && !fresh
}

// wanted tells whether INFO with these arguments shows the section.
func (sec *infoSection) wanted(sections [][]byte) bool {
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
func (h statsHost) Info(c *command.Ctx, sections [][]byte) []byte {
	s, ex := h.srv, executorOf(c)
	if ex.Reactor >= 0 {
		ex.show()
	}
	w := &infoWriter{now: time.Now(), sum: s.counted()}
	// What went before in the batch, and is not collected yet.
	w.sum.Hits, w.sum.Misses, w.sum.Dirty = w.sum.Hits+c.Hits, w.sum.Misses+c.Misses, w.sum.Dirty+c.Dirty
	w.sum.Errors += int64(c.W.Errors())
	w.Grow(infoBytes)
	for i := range infoSections {
		sec := &infoSections[i]
		if !sec.wanted(sections) {
			continue
		}
		if sec.needs&needCrowd != 0 {
			w.crowd = s.clientsFor(c)
		}
		if sec.needs&needCalls != 0 && w.cmds == nil {
			w.cmds = s.callsFor(c)
		}
		if w.Len() > 0 {
			w.WriteString("\r\n")
		}
		w.WriteString("# " + sec.title + "\r\n")
		sec.write(s, w)
	}
	return w.Bytes()
}

// counted adds up what all executors have shown of their counters. Any goroutine may call
// it.
func (s *Server) counted() observe.Counters {
	var sum observe.Counters
	for _, ex := range s.execs {
		ex.shown.AddTo(&sum)
	}
	for _, ex := range s.extra {
		ex.pub.AddTo(&sum)
	}
	return sum
}

// callsFor is callsByCommand for a call. On a reactor, within EXEC, only the calls of its
// own and of the workers can be had.
func (s *Server) callsFor(c *command.Ctx) *stats.Table {
	if ex := executorOf(c); ex.Reactor >= 0 {
		return s.callsByCommand(func(f func(*netio.Reactor, *executor)) { f(s.group.Reactors()[ex.Reactor], ex) })
	}
	return s.callsByCommand(func(f func(*netio.Reactor, *executor)) { s.askReactors(c, f) })
}

// callsByCommand adds up the calls that all executors counted, for any goroutine that has a
// way to ask the reactors.
func (s *Server) callsByCommand(ask func(func(*netio.Reactor, *executor))) *stats.Table {
	n := len(s.table.Specs())
	parts := make([]*stats.Table, len(s.execs))
	ask(func(r *netio.Reactor, ex *executor) {
		parts[r.Index()] = stats.NewTable(n)
		parts[r.Index()].Add(ex.cmds)
	})
	all := stats.NewTable(n)
	for _, p := range parts {
		if p != nil { // a reactor that has ended answers nothing
			all.Add(p)
		}
	}
	for _, ex := range s.extra {
		ex.pub.AddCalls(all)
	}
	return all
}

// executable and system do not change.
var (
	executable = sync.OnceValue(func() string {
		exe, _ := os.Executable() // an empty name tells as much as an error would
		return exe
	})
	system = sync.OnceValue(process.OSName)
)

func infoServer(s *Server, w *infoWriter) {
	up := int64(w.now.Sub(s.started).Seconds())
	w.str("redis_version", command.Version)
	w.str("kring_version", KringVersion)
	w.str("redis_git_sha1", "00000000")
	w.str("redis_git_dirty", "0")
	w.str("redis_build_id", "0")
	w.str("redis_mode", "standalone")
	w.str("os", system())
	w.num("arch_bits", strconv.IntSize)
	w.str("monotonic_clock", "Go runtime")
	w.str("atomicvar_api", "Go sync/atomic")
	w.str("gcc_version", "0.0.0")
	w.str("go_version", runtime.Version())
	w.str("multiplexing_api", s.pollerName())
	w.num("process_id", int64(os.Getpid()))
	w.str("process_supervised", "no")
	w.str("run_id", s.runID)
	w.num("tcp_port", s.listeners.ShownPort())
	w.num("server_time_usec", w.now.UnixMicro())
	w.num("uptime_in_seconds", up)
	w.num("uptime_in_days", up/86400)
	w.num("hz", 1000/tickMs)
	w.num("configured_hz", 1000/tickMs)
	w.num("lru_clock", w.now.Unix()&(1<<24-1))
	w.str("executable", executable())
	w.str("config_file", s.opts.File())
	w.num("io_threads_active", 0)
	w.num("reactors", int64(len(s.execs)-s.stripes))
	w.num("stripes", int64(s.stripes))
	plain, encrypted := s.listeners.ByKind()
	for i, a := range slices.Concat(plain, encrypted) {
		text := "name=" + a.Network() + ",bind=" + a.String()
		if host, port, err := net.SplitHostPort(a.String()); err == nil && a.Network() == "tcp" {
			name := "tcp"
			if i >= len(plain) {
				name = "tls"
			}
			text = "name=" + name + ",bind=" + host + ",port=" + port
		}
		w.str("listener"+strconv.Itoa(i), text)
	}
}

// infoCPU shows the process and its children; what Redis does on its main thread all threads
// do here.
func infoCPU(_ *Server, w *infoWriter) {
	write := func(t process.CPUTime, suffix string) {
		w.sec("used_cpu_sys"+suffix, t.System)
		w.sec("used_cpu_user"+suffix, t.User)
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

func infoKeyspace(s *Server, w *infoWriter) {
	for _, k := range s.store.Keyspace() {
		w.str("db"+strconv.Itoa(k.DB), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d,subexpiry=%d",
			k.Keys, k.Expires, s.meanTTL(&k, w.now), k.Inner))
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
func (s *Server) meanTTL(k *store.Keys, now time.Time) int64 {
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
	last = meanTTL{now, s.store.MeanTTL(k.DB, now.UnixMilli())}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.last == nil {
		m.mu.last = map[int]meanTTL{}
	}
	m.mu.last[k.DB] = last
	return last.ms
}
