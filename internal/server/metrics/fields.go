package metrics

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is an INFO field as Prometheus sees it. Values that are words become 1 when
// they equal one, else 0; scale turns other units into Prometheus's (0: as it is).
type metric struct {
	field string // of INFO
	name  string
	kind  prometheus.ValueType
	help  string
	one   string
	scale float64
}

const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
)

// metrics are the single values, in the order of INFO. Names are redis_exporter's where it has one.
var metrics = []metric{

	// Server
	{field: "uptime_in_seconds", name: "redis_uptime_in_seconds", kind: gauge, help: "Seconds since the server started."},
	{field: "process_id", name: "redis_process_id", kind: gauge, help: "Process id."},
	{field: "reactors", name: "kring_reactors", kind: gauge, help: "Reactors, the threads that serve connections."},

	// Clients
	{field: "connected_clients", name: "redis_connected_clients", kind: gauge, help: "Open client connections."},
	{field: "maxclients", name: "redis_max_clients", kind: gauge, help: "Clients that may be connected."},
	{field: "blocked_clients", name: "redis_blocked_clients", kind: gauge, help: "Clients that wait in a blocking command."},
	{field: "tracking_clients", name: "redis_tracking_clients", kind: gauge, help: "Clients with client-side caching."},
	{field: "pubsub_clients", name: "redis_pubsub_clients", kind: gauge, help: "Clients that listen to channels."},
	{field: "watching_clients", name: "redis_watching_clients", kind: gauge, help: "Clients that watch keys."},
	{field: "total_watched_keys", name: "redis_total_watched_keys", kind: gauge, help: "Keys that clients watch."},
	{field: "total_blocking_keys", name: "redis_total_blocking_keys", kind: gauge, help: "Keys that clients wait for."},
	{field: "clients_in_timeout_table", name: "redis_clients_in_timeout_table", kind: gauge, help: "Clients that wait with a timeout."},
	{field: "client_recent_max_input_buffer", name: "redis_client_recent_max_input_buffer_bytes", kind: gauge, help: "Largest input buffer of a client."},
	{field: "client_recent_max_output_buffer", name: "redis_client_recent_max_output_buffer_bytes", kind: gauge, help: "Largest output buffer of a client."},

	// Memory
	{field: "used_memory", name: "redis_memory_used_bytes", kind: gauge, help: "Bytes in use."},
	{field: "used_memory_rss", name: "redis_memory_used_rss_bytes", kind: gauge, help: "Resident set of the process."},
	{field: "used_memory_peak", name: "redis_memory_used_peak_bytes", kind: gauge, help: "Highest bytes in use."},
	{field: "used_memory_dataset", name: "redis_memory_used_dataset_bytes", kind: gauge, help: "Bytes of keys and values."},
	{field: "used_memory_overhead", name: "redis_memory_used_overhead_bytes", kind: gauge, help: "Bytes that are no data."},
	{field: "used_memory_startup", name: "redis_memory_used_startup_bytes", kind: gauge, help: "Bytes in use before there was any data."},
	{field: "mem_clients_normal", name: "redis_mem_clients_normal", kind: gauge, help: "Bytes of client buffers."},
	{field: "mem_fragmentation_ratio", name: "redis_mem_fragmentation_ratio", kind: gauge, help: "Resident bytes over bytes in use."},
	{field: "mem_fragmentation_bytes", name: "redis_mem_fragmentation_bytes", kind: gauge, help: "Resident bytes that are not in use."},
	{field: "mem_not_counted_for_evict", name: "redis_mem_not_counted_for_eviction_bytes", kind: gauge, help: "Bytes in use that maxmemory disregards."},
	{field: "maxmemory", name: "redis_memory_max_bytes", kind: gauge, help: "Bytes to stay within, 0 for no limit."},
	{field: "allocator_allocated", name: "redis_allocator_allocated_bytes", kind: gauge, help: "Bytes of live blocks."},
	{field: "allocator_active", name: "redis_allocator_active_bytes", kind: gauge, help: "Bytes of the pages that hold live blocks."},
	{field: "allocator_resident", name: "redis_allocator_resident_bytes", kind: gauge, help: "Bytes of resident pages, free ones included."},
	{field: "allocator_frag_ratio", name: "redis_allocator_frag_ratio", kind: gauge, help: "Bytes of pages in use over those of live blocks."},
	{field: "lazyfree_pending_objects", name: "redis_lazyfree_pending_objects", kind: gauge, help: "Deleted values whose memory is yet to be freed."},
	{field: "active_defrag_running", name: "redis_active_defrag_running", kind: gauge, help: "1 while compaction moves blocks."},
	{field: "active_defrag_hits", name: "redis_defrag_hits", kind: counter, help: "Blocks that compaction moved."},
	{field: "total_system_memory", name: "redis_total_system_memory_bytes", kind: gauge, help: "Memory of the machine."},
	{field: "go_heap_live_bytes", name: "kring_go_heap_live_bytes", kind: gauge, help: "Live bytes of the Go heap."},
	{field: "go_gc_cpu_fraction", name: "kring_go_gc_cpu_ratio", kind: gauge, help: "Share of the CPU time used that the garbage collector took."},

	// Stats
	{field: "total_connections_received", name: "redis_connections_received_total", kind: counter, help: "Connections accepted."},
	{field: "rejected_connections", name: "redis_rejected_connections_total", kind: counter, help: "Connections refused."},
	{field: "total_commands_processed", name: "redis_commands_processed_total", kind: counter, help: "Commands run."},
	{field: "instantaneous_ops_per_sec", name: "redis_instantaneous_ops_per_sec", kind: gauge, help: "Commands in the last second."},
	{field: "total_net_input_bytes", name: "redis_net_input_bytes_total", kind: counter, help: "Bytes received."},
	{field: "total_net_output_bytes", name: "redis_net_output_bytes_total", kind: counter, help: "Bytes of replies."},
	{field: "total_reads_processed", name: "redis_total_reads_processed", kind: counter, help: "System calls that read from connections."},
	{field: "total_writes_processed", name: "redis_total_writes_processed", kind: counter, help: "System calls that wrote to connections."},
	{field: "eventloop_cycles", name: "redis_eventloop_cycles_total", kind: counter, help: "Turns of all reactors."},
	{field: "keyspace_hits", name: "redis_keyspace_hits_total", kind: counter, help: "Reads of keys that were there."},
	{field: "keyspace_misses", name: "redis_keyspace_misses_total", kind: counter, help: "Reads of keys that were not there."},
	{field: "expired_keys", name: "redis_expired_keys_total", kind: counter, help: "Keys deleted at their deadlines."},
	{field: "expired_subkeys", name: "redis_expired_subkeys_total", kind: counter, help: "Fields of hashes deleted at their deadlines."},
	{field: "expired_stale_perc", name: "redis_expired_stale_percentage", kind: gauge, help: "Estimated percentage of keys with a deadline that are overdue."},
	{field: "expired_time_cap_reached_count", name: "redis_expired_time_cap_reached_total", kind: counter, help: "Passes of expiry that had more to do than their time allowed."},
	{field: "expire_cycle_cpu_milliseconds", name: "redis_expire_cycle_cpu_time_ms_total", kind: counter, help: "Milliseconds spent on expiry."},
	{field: "expire_late_max_milliseconds", name: "kring_expire_late_max_seconds", kind: gauge, help: "By how much the latest key was late.", scale: 1e-3},
	{field: "evicted_keys", name: "redis_evicted_keys_total", kind: counter, help: "Keys evicted for want of memory."},
	{field: "evicted_clients", name: "redis_evicted_clients_total", kind: counter, help: "Clients closed for want of memory."},
	{field: "total_eviction_exceeded_time", name: "redis_eviction_exceeded_time_ms_total", kind: counter, help: "Milliseconds above maxmemory."},
	{field: "pubsub_channels", name: "redis_pubsub_channels", kind: gauge, help: "Channels with subscribers."},
	{field: "pubsub_patterns", name: "redis_pubsub_patterns", kind: gauge, help: "Patterns with subscribers."},
	{field: "pubsubshard_channels", name: "redis_pubsubshard_channels", kind: gauge, help: "Shard channels with subscribers."},
	{field: "tracking_total_keys", name: "redis_tracking_total_keys", kind: gauge, help: "Keys remembered for client-side caching."},
	{field: "total_error_replies", name: "redis_total_error_replies", kind: counter, help: "Error replies."},
	{field: "client_query_buffer_limit_disconnections", name: "redis_client_query_buffer_limit_disconnections_total", kind: counter, help: "Clients closed for what they sent."},
	{field: "client_output_buffer_limit_disconnections", name: "redis_client_output_buffer_limit_disconnections_total", kind: counter, help: "Clients closed for what they did not read."},
	{field: "tls_handshakes_done", name: "kring_tls_handshakes_total", kind: counter, help: "TLS handshakes completed."},
	{field: "tls_handshakes_resumed", name: "kring_tls_handshakes_resumed_total", kind: counter, help: "TLS handshakes that resumed a session."},
	{field: "tls_handshakes_failed", name: "kring_tls_handshakes_failed_total", kind: counter, help: "TLS handshakes that came to nothing."},
	{field: "tls_handshakes_pending", name: "kring_tls_handshakes_pending", kind: gauge, help: "Connections within their TLS handshake."},
	{field: "acl_access_denied_auth", name: "redis_acl_access_denied_auth_total", kind: counter, help: "Wrong passwords."},
	{field: "acl_access_denied_cmd", name: "redis_acl_access_denied_cmd_total", kind: counter, help: "Commands denied to users."},
	{field: "acl_access_denied_key", name: "redis_acl_access_denied_key_total", kind: counter, help: "Keys denied to users."},
	{field: "acl_access_denied_channel", name: "redis_acl_access_denied_channel_total", kind: counter, help: "Channels denied to users."},
	{field: "slow_lane_commands", name: "kring_slow_lane_commands_total", kind: counter, help: "Commands that ran on a worker."},
	{field: "batches", name: "kring_batches_total", kind: counter, help: "Batches of pipelined commands."},

	// Persistence
	{field: "loading", name: "redis_loading_dump_file", kind: gauge, help: "1 while the server loads its data."},
	{field: "loading_loaded_perc", name: "kring_loading_percentage", kind: gauge, help: "Percentage of the data loaded, while loading."},
	{field: "rdb_changes_since_last_save", name: "redis_rdb_changes_since_last_save", kind: gauge, help: "Changes since the data were saved."},
	{field: "rdb_last_save_time", name: "redis_rdb_last_save_timestamp_seconds", kind: gauge, help: "When the data were saved last."},
	{field: "rdb_bgsave_in_progress", name: "redis_rdb_bgsave_in_progress", kind: gauge, help: "1 while a snapshot is saved."},
	{field: "rdb_last_bgsave_status", name: "redis_rdb_last_bgsave_status", kind: gauge, help: "1 when the last snapshot succeeded.", one: "ok"},
	{field: "rdb_last_bgsave_time_sec", name: "redis_rdb_last_bgsave_duration_sec", kind: gauge, help: "Seconds that the last snapshot took, -1 for none."},
	{field: "aof_enabled", name: "redis_aof_enabled", kind: gauge, help: "1 when there is an append only file."},
	{field: "aof_rewrite_in_progress", name: "redis_aof_rewrite_in_progress", kind: gauge, help: "1 while the append only file is rewritten."},
	{field: "aof_rewrite_scheduled", name: "redis_aof_rewrite_scheduled", kind: gauge, help: "1 when a rewrite waits for its turn."},
	{field: "aof_last_rewrite_time_sec", name: "redis_aof_last_rewrite_duration_sec", kind: gauge, help: "Seconds that the last rewrite took, -1 for none."},
	{field: "aof_current_rewrite_time_sec", name: "redis_aof_current_rewrite_duration_sec", kind: gauge, help: "Seconds since the running rewrite began, -1 for none."},
	{field: "aof_last_bgrewrite_status", name: "redis_aof_last_bgrewrite_status", kind: gauge, help: "1 when the last rewrite succeeded.", one: "ok"},
	{field: "aof_last_write_status", name: "redis_aof_last_write_status", kind: gauge, help: "1 when the last write succeeded.", one: "ok"},
	{field: "aof_current_size", name: "redis_aof_current_size_bytes", kind: gauge, help: "Size of the append only file."},
	{field: "aof_base_size", name: "redis_aof_base_size_bytes", kind: gauge, help: "Size of the append only file after the last rewrite."},
	{field: "aof_buffer_length", name: "redis_aof_buffer_length", kind: gauge, help: "Bytes waiting to be written to the append only file."},
	{field: "aof_pending_bio_fsync", name: "redis_aof_pending_bio_fsync", kind: gauge, help: "1 while an fsync runs."},
	{field: "aof_delayed_fsync", name: "redis_aof_delayed_fsync", kind: counter, help: "Times that writing waited for a slow fsync."},
	{field: "aof_fsyncs", name: "kring_aof_fsyncs_total", kind: counter, help: "Calls of fsync."},
	{field: "aof_rewrites", name: "kring_aof_rewrites_total", kind: counter, help: "Rewrites begun."},

	// Replication
	{field: "connected_slaves", name: "redis_connected_slaves", kind: gauge, help: "Replicas."},
	{field: "master_repl_offset", name: "redis_master_repl_offset", kind: gauge, help: "Bytes of the stream that replicas follow."},
	{field: "second_repl_offset", name: "redis_second_repl_offset", kind: gauge, help: "Offset up to which the history had its former name, -1 for none."},
	{field: "repl_backlog_active", name: "redis_repl_backlog_is_active", kind: gauge, help: "1 while there is a backlog."},
	{field: "repl_backlog_histlen", name: "redis_repl_backlog_history_bytes", kind: gauge, help: "Bytes of the stream in the backlog."},

	// CPU
	{field: "used_cpu_sys", name: "redis_cpu_sys_seconds_total", kind: counter, help: "CPU time in the kernel."},
	{field: "used_cpu_user", name: "redis_cpu_user_seconds_total", kind: counter, help: "CPU time in user mode."},
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
	if m.scale != 0 {
		v *= m.scale
	}
	return v, err == nil
}
