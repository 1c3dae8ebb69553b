package server

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
)

// KringVersion is the version of this server; command.Version is the Redis it follows.
const KringVersion = "0.1.0"

// RedisVersion is the version of Redis whose behaviour the server follows.
const RedisVersion = command.Version

// infoSection is one section of INFO: its name, its title, and what writes its lines.
type infoSection struct {
	name, title string
	write       func(s *Server, w *infoWriter)
}

// infoSections lists the sections in the order of INFO.
var infoSections = []infoSection{
	{"server", "Server", infoServer},
	{"clients", "Clients", infoClients},
	{"memory", "Memory", infoMemory},
	{"persistence", "Persistence", infoPersistence},
	{"stats", "Stats", infoStats},
	{"replication", "Replication", infoReplication},
	{"cpu", "CPU", infoCPU},
	{"modules", "Modules", func(*Server, *infoWriter) {}},
	{"commandstats", "Commandstats", infoCommandStats},
	{"errorstats", "Errorstats", infoErrorStats},
	{"latencystats", "Latencystats", infoLatencyStats},
	{"cluster", "Cluster", func(_ *Server, w *infoWriter) { w.num("cluster_enabled", 0) }},
	{"keyspace", "Keyspace", infoKeyspace},
}

// notByDefault are the sections that INFO shows only when asked.
var notByDefault = map[string]bool{"commandstats": true, "latencystats": true}

// infoWriter collects the lines of INFO and what was gathered for them.
type infoWriter struct {
	bytes.Buffer
	sum  execStats
	cmds *stats.Table // calls and times by command
	now  time.Time
}

func (w *infoWriter) str(name, v string)         { w.WriteString(name + ":" + v + "\r\n") }
func (w *infoWriter) num(name string, v int64)   { w.str(name, strconv.FormatInt(v, 10)) }
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

// Info implements command.StatsHost.
func (h statsHost) Info(c *command.Ctx, sections [][]byte) []byte {
	w := &infoWriter{now: time.Now()}
	w.sum, w.cmds = h.srv.sumStats(c)
	want := func(name string) bool { return !notByDefault[name] }
	if len(sections) > 0 {
		want = func(name string) bool {
			for _, sec := range sections {
				if command.EqualFold(sec, name) || command.EqualFold(sec, "all") || command.EqualFold(sec, "everything") ||
					command.EqualFold(sec, "default") && !notByDefault[name] {
					return true
				}
			}
			return false
		}
	}
	for _, sec := range infoSections {
		if !want(sec.name) {
			continue
		}
		if w.Len() > 0 {
			w.WriteString("\r\n")
		}
		w.WriteString("# " + sec.title + "\r\n")
		sec.write(h.srv, w)
	}
	return w.Bytes()
}

// sumStats adds up what all executors counted, for a call on a worker.
func (s *Server) sumStats(c *command.Ctx) (execStats, *stats.Table) {
	return s.sumStatsBy(func(f func(*netio.Reactor, *executor)) { s.askReactors(c, f) })
}

// sumStatsBy is sumStats for any goroutine that has a way to ask the reactors.
func (s *Server) sumStatsBy(ask func(func(*netio.Reactor, *executor))) (execStats, *stats.Table) {
	n := len(s.table.Specs())
	parts, cmds := make([]execStats, len(s.execs)), make([]*stats.Table, len(s.execs))
	ask(func(r *netio.Reactor, ex *executor) {
		i := r.Index()
		parts[i], cmds[i] = ex.stats, stats.NewTable(n)
		eachSession(r, func(se *session) { parts[i].addClient(se) })
		parts[i].net = ex.netCounts(r)
		cmds[i].Add(ex.cmds)
		parts[i].callNanos = s.callNanos(ex.cmds)
	})
	var sum execStats
	all := stats.NewTable(n)
	for i := range parts {
		sum.add(&parts[i])
		if cmds[i] != nil { // a reactor that has ended answers nothing
			all.Add(cmds[i])
		}
	}
	for _, ex := range s.extra {
		ex.pub.mu.Lock()
		sum.add(&ex.pub.mu.sum)
		if ex.pub.mu.cmds != nil {
			all.Add(ex.pub.mu.cmds)
		}
		ex.pub.mu.Unlock()
	}
	return sum, all
}

// callNanos is what the calls of a table took: EXEC's time is that of the calls in it.
func (s *Server) callNanos(t *stats.Table) (sum int64) {
	for _, spec := range s.table.Specs() {
		if spec.Flags&command.Exec == 0 {
			sum += t.Row(spec.ID).Nanos
		}
	}
	return sum
}

func infoServer(s *Server, w *infoWriter) {
	up := int64(w.now.Sub(s.started).Seconds())
	exe, _ := os.Executable() // an empty name tells as much as an error would
	w.str("redis_version", command.Version)
	w.str("kring_version", KringVersion)
	w.str("redis_git_sha1", "00000000")
	w.str("redis_git_dirty", "0")
	w.str("redis_build_id", "0")
	w.str("redis_mode", "standalone")
	w.str("os", process.OSName())
	w.num("arch_bits", strconv.IntSize)
	w.str("monotonic_clock", "Go runtime")
	w.str("atomicvar_api", "Go sync/atomic")
	w.str("gcc_version", "0.0.0")
	w.str("go_version", runtime.Version())
	w.str("multiplexing_api", s.pollerName())
	w.num("process_id", int64(os.Getpid()))
	w.str("process_supervised", "no")
	w.str("run_id", s.runID)
	w.num("tcp_port", int64(s.Port()))
	w.num("server_time_usec", w.now.UnixMicro())
	w.num("uptime_in_seconds", up)
	w.num("uptime_in_days", up/86400)
	w.num("hz", 1000/tickMs)
	w.num("configured_hz", 1000/tickMs)
	w.num("lru_clock", w.now.Unix()&(1<<24-1))
	w.str("executable", exe)
	w.str("config_file", s.opts.File())
	w.num("io_threads_active", 0)
	w.num("reactors", int64(len(s.execs)-s.stripes))
	w.num("stripes", int64(s.stripes))
	plain, encrypted := s.addrs()
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
	for db := range s.store.Databases() {
		if n := s.store.Len(db); n > 0 {
			w.str("db"+strconv.Itoa(db), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d,subexpiry=%d",
				n, s.store.Expires(db), s.store.MeanTTL(db, w.now.UnixMilli()), s.store.InnerExpires(db)))
		}
	}
}
