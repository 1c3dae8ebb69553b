package admin

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is an INFO field as Prometheus sees it. Values that are words become 1 when
// they equal one, else 0.
type metric struct {
	field string // of INFO
	name  string
	kind  prometheus.ValueType
	help  string
	one   string
}

const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
)

// metrics are the single values. Names are redis_exporter's where it has one.
var metrics = []metric{
	{field: "uptime_in_seconds", name: "redis_uptime_in_seconds", kind: gauge, help: "Seconds since the server started."},
	{field: "connected_clients", name: "redis_connected_clients", kind: gauge, help: "Open client connections."},
	{field: "blocked_clients", name: "redis_blocked_clients", kind: gauge, help: "Clients that wait in a blocking command."},
	{field: "tracking_clients", name: "redis_tracking_clients", kind: gauge, help: "Clients with client-side caching."},
	{field: "maxclients", name: "redis_max_clients", kind: gauge, help: "Clients that may be connected."},
	{field: "used_memory", name: "redis_memory_used_bytes", kind: gauge, help: "Bytes in use."},
	{field: "used_memory_rss", name: "redis_memory_used_rss_bytes", kind: gauge, help: "Resident set of the process."},
	{field: "used_memory_peak", name: "redis_memory_used_peak_bytes", kind: gauge, help: "Highest bytes in use."},
	{field: "used_memory_dataset", name: "redis_memory_used_dataset_bytes", kind: gauge, help: "Bytes of keys and values."},
	{field: "used_memory_overhead", name: "redis_memory_used_overhead_bytes", kind: gauge, help: "Bytes that are no data."},
	{field: "mem_clients_normal", name: "redis_mem_clients_normal", kind: gauge, help: "Bytes of client buffers."},
	{field: "mem_fragmentation_ratio", name: "redis_mem_fragmentation_ratio", kind: gauge, help: "Resident bytes over bytes in use."},
	{field: "maxmemory", name: "redis_memory_max_bytes", kind: gauge, help: "Bytes to stay within, 0 for no limit."},
	{field: "go_heap_live_bytes", name: "kring_go_heap_live_bytes", kind: gauge, help: "Live bytes of the Go heap."},
	{field: "go_gc_cpu_fraction", name: "kring_go_gc_cpu_ratio", kind: gauge, help: "Share of CPU time that the garbage collector took."},
	{field: "total_connections_received", name: "redis_connections_received_total", kind: counter, help: "Connections accepted."},
	{field: "rejected_connections", name: "redis_rejected_connections_total", kind: counter, help: "Connections refused."},
	{field: "total_commands_processed", name: "redis_commands_processed_total", kind: counter, help: "Commands run."},
	{field: "instantaneous_ops_per_sec", name: "redis_instantaneous_ops_per_sec", kind: gauge, help: "Commands in the last second."},
	{field: "total_net_input_bytes", name: "redis_net_input_bytes_total", kind: counter, help: "Bytes received."},
	{field: "total_net_output_bytes", name: "redis_net_output_bytes_total", kind: counter, help: "Bytes of replies."},
	{field: "expired_keys", name: "redis_expired_keys_total", kind: counter, help: "Keys deleted at their deadlines."},
	{field: "evicted_keys", name: "redis_evicted_keys_total", kind: counter, help: "Keys evicted for want of memory."},
	{field: "evicted_clients", name: "redis_evicted_clients_total", kind: counter, help: "Clients closed for want of memory."},
	{field: "keyspace_hits", name: "redis_keyspace_hits_total", kind: counter, help: "Reads of keys that were there."},
	{field: "keyspace_misses", name: "redis_keyspace_misses_total", kind: counter, help: "Reads of keys that were not there."},
	{field: "pubsub_channels", name: "redis_pubsub_channels", kind: gauge, help: "Channels with subscribers."},
	{field: "pubsub_patterns", name: "redis_pubsub_patterns", kind: gauge, help: "Patterns with subscribers."},
	{field: "total_error_replies", name: "redis_total_error_replies", kind: counter, help: "Error replies."},
	{field: "loading", name: "redis_loading_dump_file", kind: gauge, help: "1 while the server loads its data."},
	{field: "rdb_changes_since_last_save", name: "redis_rdb_changes_since_last_save", kind: gauge, help: "Changes since the data were saved."},
	{field: "aof_enabled", name: "redis_aof_enabled", kind: gauge, help: "1 when there is an append only file."},
	{field: "aof_rewrite_in_progress", name: "redis_aof_rewrite_in_progress", kind: gauge, help: "1 while the append only file is rewritten."},
	{field: "aof_current_size", name: "redis_aof_current_size_bytes", kind: gauge, help: "Size of the append only file."},
	{field: "aof_base_size", name: "redis_aof_base_size_bytes", kind: gauge, help: "Size of the append only file after the last rewrite."},
	{field: "aof_buffer_length", name: "redis_aof_buffer_length", kind: gauge, help: "Bytes waiting to be written to the append only file."},
	{field: "aof_delayed_fsync", name: "redis_aof_delayed_fsync", kind: counter, help: "Times that writing waited for a slow fsync."},
	{field: "aof_last_write_status", name: "redis_aof_last_write_status", kind: gauge, help: "1 when the last write succeeded.", one: "ok"},
	{field: "aof_last_bgrewrite_status", name: "redis_aof_last_bgrewrite_status", kind: gauge, help: "1 when the last rewrite succeeded.", one: "ok"},
	{field: "used_cpu_sys", name: "redis_cpu_sys_seconds_total", kind: counter, help: "CPU time in the kernel."},
	{field: "used_cpu_user", name: "redis_cpu_user_seconds_total", kind: counter, help: "CPU time in user mode."},
	{field: "slow_lane_commands", name: "kring_slow_lane_commands_total", kind: counter, help: "Commands that ran on a worker."},
	{field: "batches", name: "kring_batches_total", kind: counter, help: "Batches of pipelined commands."},
	{field: "connected_slaves", name: "redis_connected_slaves", kind: gauge, help: "Replicas."},
}

// collector gathers a State per scrape.
type collector struct{ src Source }

// Describe sends nothing: which metrics there are depends on the server's state.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	st := c.src.State()
	send := func(name, help string, kind prometheus.ValueType, v float64, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
	}
	send("redis_up", "1: the server answers.", gauge, 1)
	send("redis_instance_info", "The server's version and mode.", gauge, 1, "redis_version", st.Info["redis_version"],
		"kring_version", st.Info["kring_version"], "redis_mode", st.Info["redis_mode"], "role", st.Info["role"],
		"maxmemory_policy", st.Info["maxmemory_policy"], "tcp_port", st.Info["tcp_port"], "os", st.Info["os"])
	for i := range metrics {
		m := &metrics[i]
		if v, ok := m.value(st.Info); ok {
			send(m.name, m.help, m.kind, v)
		}
	}
	for _, d := range st.Keyspace {
		db := "db" + strconv.Itoa(d.DB)
		send("redis_db_keys", "Keys by database.", gauge, float64(d.Keys), "db", db)
		send("redis_db_keys_expiring", "Keys with a deadline by database.", gauge, float64(d.Expires), "db", db)
	}
	for kind, n := range st.Errors {
		send("redis_errors_total", "Error replies by their first word.", counter, float64(n), "err", kind)
	}
	for i := range st.Commands {
		c := &st.Commands[i]
		send("redis_commands_total", "Calls by command.", counter, float64(c.Calls), "cmd", c.Name)
		send("redis_commands_duration_seconds_total", "Time by command.", counter, c.Micros/1e6, "cmd", c.Name)
		send("redis_commands_rejected_calls_total", "Calls refused before they ran.", counter, float64(c.Rejected), "cmd", c.Name)
		send("redis_commands_failed_calls_total", "Calls that replied an error.", counter, float64(c.Failed), "cmd", c.Name)
		c.histogram(ch)
	}
	send("redis_slowlog_length", "Slow calls kept.", gauge, float64(len(st.Slow)))
}

// value reads the metric from INFO; false when the field is not there.
func (m *metric) value(info map[string]string) (float64, bool) {
	text, ok := info[m.field]
	if !ok {
		return 0, false
	}
	if m.one != "" {
		if text == m.one {
			return 1, true
		}
		return 0, true
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return v, err == nil
}

// histogram sends the distribution of a command's times.
func (c *Command) histogram(ch chan<- prometheus.Metric) {
	if len(c.Steps) == 0 {
		return
	}
	buckets := make(map[float64]uint64, len(c.Steps))
	for _, s := range c.Steps {
		buckets[s.Micros] = s.Calls
	}
	desc := prometheus.NewDesc("redis_commands_latencies_usec", "Times by command, in microseconds.", []string{"cmd"}, nil)
	ch <- prometheus.MustNewConstHistogram(desc, c.Steps[len(c.Steps)-1].Calls, c.Micros, buckets, c.Name)
}
