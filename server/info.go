package server

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/server/stats"
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

// Info implements command.Host.
func (h *host) Info(sections [][]byte) []byte {
	w := &infoWriter{now: time.Now()}
	w.sum, w.cmds = h.sumStats()
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
		sec.write(h.Server, w)
	}
	return w.Bytes()
}

// sumStats adds up what all executors counted.
func (h *host) sumStats() (execStats, *stats.Table) { return h.Server.sumStats(h.askReactors) }

// sumStats is host.sumStats for any goroutine that has a way to ask the reactors.
func (s *Server) sumStats(ask func(func(*netio.Reactor, *executor))) (execStats, *stats.Table) {
	n := len(s.table.Specs())
	parts, cmds := make([]execStats, len(s.execs)), make([]*stats.Table, len(s.execs))
	ask(func(r *netio.Reactor, ex *executor) {
		i := r.Index()
		parts[i], cmds[i] = ex.stats, stats.NewTable(n)
		eachSession(r, func(se *session) { parts[i].addClient(se) })
		cmds[i].Add(ex.cmds)
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

func infoServer(s *Server, w *infoWriter) {
	up := int64(w.now.Sub(s.started).Seconds())
	exe, _ := os.Executable() // an empty name tells as much as an error would
	w.str("redis_version", command.Version)
	w.str("kring_version", KringVersion)
	w.str("redis_git_sha1", "00000000")
	w.str("redis_git_dirty", "0")
	w.str("redis_build_id", "0")
	w.str("redis_mode", "standalone")
	w.str("os", osName())
	w.num("arch_bits", strconv.IntSize)
	w.str("go_version", runtime.Version())
	w.str("multiplexing_api", netio.PollerName)
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
	w.num("reactors", int64(len(s.execs)))
}

func infoClients(s *Server, w *infoWriter) {
	w.num("connected_clients", s.counts.clients.Load())
	w.num("cluster_connections", 0)
	w.num("maxclients", s.opts.MaxClients.Load())
	w.num("client_recent_max_input_buffer", w.sum.largestIn)
	w.num("client_recent_max_output_buffer", w.sum.largestOut)
	w.num("blocked_clients", s.counts.blocked.Load())
	w.num("tracking_clients", 0)
	w.num("clients_in_timeout_table", s.counts.timed.Load())
}

func infoStats(s *Server, w *infoWriter) {
	st := s.store.Stats()
	w.num("total_connections_received", s.counts.connections.Load()-s.base.connections.Load())
	w.num("total_commands_processed", w.sum.commands)
	w.num("instantaneous_ops_per_sec", w.sum.perSecond)
	w.num("total_net_input_bytes", w.sum.inputBytes)
	w.num("total_net_output_bytes", w.sum.outputBytes)
	w.num("rejected_connections", s.counts.rejected.Load()-s.base.rejected.Load())
	w.num("expired_keys", int64(st.Expired)-s.base.expired.Load())
	w.num("expired_subkeys", s.counts.expiredFields.Load())
	w.str("expired_stale_perc", s.stalePercent(st.Expires))
	w.num("expired_time_cap_reached_count", s.keeper.stats.capReached.Load())
	w.num("expire_cycle_cpu_milliseconds", s.keeper.stats.busyUs.Load()/1000)
	w.num("expire_late_p50_milliseconds", s.keeper.stats.latePercentile(50))
	w.num("expire_late_p99_milliseconds", s.keeper.stats.latePercentile(99))
	w.num("expire_late_max_milliseconds", s.keeper.stats.lateMaxMs.Load())
	w.num("evicted_keys", int64(st.Evicted)-s.base.evicted.Load())
	w.num("evicted_clients", s.counts.evictedClients.Load())
	total, current := s.overLimitMs()
	w.num("total_eviction_exceeded_time", total)
	w.num("current_eviction_exceeded_time", current)
	w.num("keyspace_hits", w.sum.hits)
	w.num("keyspace_misses", w.sum.misses)
	w.num("pubsub_channels", int64(s.CountChannels(command.SubChannel)))
	w.num("pubsub_patterns", int64(s.CountChannels(command.SubPattern)))
	w.num("pubsubshard_channels", int64(s.CountChannels(command.SubShard)))
	w.num("latest_fork_usec", 0)
	w.num("total_error_replies", w.sum.errors)
	w.num("client_query_buffer_limit_disconnections", s.counts.queryLimitCloses.Load())
	w.num("client_output_buffer_limit_disconnections", s.counts.outputLimitCloses.Load())
	ks := &s.keeper.stats
	w.num("active_defrag_running", ks.defragRunning.Load())
	w.num("active_defrag_hits", ks.defragMoved.Load())
	w.num("active_defrag_misses", ks.defragFailed.Load())
	w.num("active_defrag_bytes_freed", ks.defragFreed.Load())
	w.num("slow_lane_commands", w.sum.slow)
	w.num("batches", w.sum.batches)
}

func infoReplication(_ *Server, w *infoWriter) {
	w.str("role", "master")
	w.num("connected_slaves", 0)
	w.str("master_failover_state", "no-failover")
	w.str("master_replid", strings.Repeat("0", 40))
	w.num("master_repl_offset", 0)
	w.num("second_repl_offset", -1)
	w.num("repl_backlog_active", 0)
}

func infoKeyspace(s *Server, w *infoWriter) {
	for db := range s.store.Databases() {
		if n := s.store.Len(db); n > 0 {
			w.str("db"+strconv.Itoa(db), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", n, s.store.Expires(db), s.store.MeanTTL(db, w.now.UnixMilli())))
		}
	}
}
