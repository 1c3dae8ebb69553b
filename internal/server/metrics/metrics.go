package metrics

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kringdb/kring/internal/server/admin"
)

// Handler serves all metrics: the server's, and those of the Go runtime about its
// collector and scheduler.
func Handler(src admin.Source) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(Collector(src), collectors.NewGoCollector(
		collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsGC)))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// Collector gives the server's metrics alone, for a registry of the caller's.
func Collector(src admin.Source) prometheus.Collector { return collector{src} }

// collector gathers a State per scrape.
type collector struct{ src admin.Source }

// Describe sends nothing: which metrics there are depends on the server's state.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	st := c.src.State()
	out := sender{ch}
	if st.Info == nil {
		out.send("redis_up", "1: the server answers.", gauge, 0)
		return
	}
	out.send("redis_up", "1: the server answers.", gauge, 1)
	out.send("redis_instance_info", "The server's version and mode.", gauge, 1, "redis_version", st.Info["redis_version"],
		"redis_build_id", st.Info["redis_build_id"], "kring_version", st.Info["kring_version"], "redis_mode", st.Info["redis_mode"],
		"role", st.Info["role"], "maxmemory_policy", st.Info["maxmemory_policy"], "tcp_port", st.Info["tcp_port"],
		"os", st.Info["os"], "run_id", st.Info["run_id"], "process_id", st.Info["process_id"])
	if up, err := strconv.ParseFloat(st.Info["uptime_in_seconds"], 64); err == nil {
		out.send("redis_start_time_seconds", "When the server started.", gauge, math.Round(float64(st.UnixMs)/1000-up))
	}
	for i := range metrics {
		m := &metrics[i]
		if v, ok := m.value(st.Info); ok {
			out.send(m.name, m.help, m.kind, v)
		}
	}
	out.store(&st)
	out.replication(&st)
	if st.Cluster != nil {
		out.cluster(st.Cluster)
	}
	for kind, n := range st.Errors {
		out.send("redis_errors_total", "Error replies by their first word.", counter, float64(n), "err", kind)
	}
	for i := range st.Commands {
		out.command(&st.Commands[i])
	}
	out.slow(&st)
	for i, r := range st.Reactors {
		n := strconv.Itoa(i)
		out.send("kring_reactor_turns_total", "Turns of a reactor's loop.", counter, float64(r.Turns), "reactor", n)
		out.send("kring_reactor_reads_total", "System calls of a reactor that read.", counter, float64(r.Reads), "reactor", n)
		out.send("kring_reactor_writes_total", "System calls of a reactor that wrote.", counter, float64(r.Writes), "reactor", n)
	}
}

// sender makes metrics of values.
type sender struct{ ch chan<- prometheus.Metric }

// send sends one value; labels are names and values in turn.
func (s sender) send(name, help string, kind prometheus.ValueType, v float64, labels ...string) {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	s.ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
}

// store sends what there is of keys: databases, memory, lateness of expiry.
func (s sender) store(st *admin.State) {
	list := st.Keyspace
	if len(list) == 0 {
		list = []admin.Database{{DB: 0}} // so that there is something to draw
	}
	for _, d := range list {
		db := "db" + strconv.Itoa(d.DB)
		s.send("redis_db_keys", "Keys by database.", gauge, float64(d.Keys), "db", db)
		s.send("redis_db_keys_expiring", "Keys with a deadline by database.", gauge, float64(d.Expires), "db", db)
		s.send("redis_db_avg_ttl_seconds", "Mean time to live of the keys with a deadline.", gauge, float64(d.MeanTTLMs)/1000, "db", db)
	}
	for _, a := range st.Memory {
		s.send("kring_memory_bytes", "Resident bytes by what they are used for.", gauge, float64(a.Bytes), "account", a.Name)
	}
	for _, t := range st.Types {
		s.send("kring_type_keys", "Keys by type, as the last survey in the background met them.", gauge, float64(t.Keys), "type", t.Type)
		s.send("kring_type_bytes", "Bytes by type, as the last survey in the background met them.", gauge, float64(t.Bytes), "type", t.Type)
	}
	var late, sum float64
	buckets := make(map[float64]uint64, len(st.Late))
	for i, s := range st.Late {
		seconds := s.Micros / 1e6
		if i < len(st.Late)-1 {
			buckets[seconds] = s.Calls
		}
		sum += (float64(s.Calls) - late) * seconds
		late = float64(s.Calls)
	}
	desc := prometheus.NewDesc("kring_expire_late_seconds", "By how much keys were deleted after their deadlines; the sum is an upper bound.", nil, nil)
	s.ch <- prometheus.MustNewConstHistogram(desc, uint64(late), sum, buckets)
}

// replication sends how far replicas are, and the server behind its primary.
func (s sender) replication(st *admin.State) {
	seen := map[string]bool{}
	for i := range st.Replicas {
		r := &st.Replicas[i]
		key := fmt.Sprint(r.IP, " ", r.Port, " ", r.State)
		if seen[key] { // behind one address, or without a port as redis-cli --rdb: Prometheus would refuse everything
			continue
		}
		seen[key] = true
		labels := []string{"slave_ip", r.IP, "slave_port", strconv.Itoa(r.Port), "slave_state", r.State}
		s.send("redis_connected_slave_offset_bytes", "Offset that a replica has acknowledged.", gauge, float64(r.Offset), labels...)
		s.send("redis_connected_slave_lag_seconds", "Seconds since a replica has acknowledged anything.", gauge, float64(r.LagSecs), labels...)
		s.send("kring_connected_slave_copied_bytes", "Bytes of its full copy that a replica has been sent.", gauge, float64(r.Copied), labels...)
		s.send("kring_connected_slave_behind_bytes", "Bytes of the stream that a replica has not been sent yet.", gauge, float64(r.Behind), labels...)
	}
	p := st.Primary
	if p == nil {
		return
	}
	labels := []string{"master_host", p.Host, "master_port", strconv.Itoa(p.Port)}
	bit := map[bool]float64{true: 1}
	s.send("redis_master_link_up", "1 while the stream of the primary is followed.", gauge, bit[p.Up], labels...)
	s.send("redis_master_last_io_seconds_ago", "Seconds since the primary was heard, -1 while its stream is not followed.", gauge, float64(p.IdleSecs), labels...)
	s.send("redis_master_sync_in_progress", "1 while a full copy comes from the primary.", gauge, bit[p.Syncing], labels...)
	s.send("redis_slave_repl_offset", "Offset of the data in the stream of the primary.", gauge, float64(p.Offset), labels...)
	s.send("kring_slave_behind_bytes", "Bytes of the stream that have come and are not executed yet.", gauge, float64(p.Behind), labels...)
	if p.Syncing {
		s.send("kring_master_sync_read_bytes", "Bytes of the full copy that have come.", gauge, float64(p.SyncRead), labels...)
		s.send("kring_master_sync_total_bytes", "Bytes of the full copy, -1 when its length is not known.", gauge, float64(p.SyncTotal), labels...)
	}
}

// command sends what was counted of one command.
func (s sender) command(c *admin.Command) {
	s.send("redis_commands_total", "Calls by command.", counter, float64(c.Calls), "cmd", c.Name)
	s.send("redis_commands_duration_seconds_total", "Time by command.", counter, c.Micros/1e6, "cmd", c.Name)
	s.send("redis_commands_rejected_calls_total", "Calls refused before they ran.", counter, float64(c.Rejected), "cmd", c.Name)
	s.send("redis_commands_failed_calls_total", "Calls that replied an error.", counter, float64(c.Failed), "cmd", c.Name)
	if len(c.Steps) == 0 {
		return
	}
	labels := []string{"cmd"}
	desc := prometheus.NewDesc("redis_latency_percentiles_usec", "Times by command since the last reset, in microseconds.", labels, nil)
	s.ch <- prometheus.MustNewConstSummary(desc, uint64(c.Calls), c.Micros, map[float64]float64{0.5: c.P50, 0.99: c.P99, 0.999: c.P999}, c.Name)
	buckets := make(map[float64]uint64, len(c.Steps))
	for _, s := range c.Steps {
		buckets[s.Micros] = s.Calls
	}
	desc = prometheus.NewDesc("redis_commands_latencies_usec", "Times by command, in microseconds.", labels, nil)
	s.ch <- prometheus.MustNewConstHistogram(desc, c.Steps[len(c.Steps)-1].Calls, c.Micros, buckets, c.Name)
}

// slow sends what there is of slow calls and of latency events.
func (s sender) slow(st *admin.State) {
	s.send("redis_slowlog_length", "Slow calls kept.", gauge, float64(st.SlowKept))
	last, took := int64(0), 0.0
	if len(st.Slow) > 0 {
		last, took = st.Slow[0].ID, float64(st.Slow[0].Micros)/1e6
	}
	s.send("redis_slowlog_last_id", "Number of the newest slow call.", gauge, float64(last))
	s.send("redis_last_slow_execution_duration_seconds", "Time of the newest slow call.", gauge, took)
	for _, e := range st.Events {
		s.send("redis_latency_spike_last", "When a latency event happened last.", gauge, float64(e.Unix), "event_name", e.Name)
		s.send("redis_latency_spike_duration_seconds", "How long a latency event took last.", gauge, float64(e.Millis)/1000, "event_name", e.Name)
	}
}
