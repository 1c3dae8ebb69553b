package info

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/tlsport"
)

// notHere are counters of what this server does not do: it never forks, migrates
// keys or has I/O threads, and its reply buffers are rings.
var notHere = []string{
	"latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
	"dump_payload_sanitizations",
	"io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands",
}

// kilobytes returns a number of bytes per second as INFO shows it.
func kilobytes(perSecond int64) float64 { return float64(perSecond) / 1024 }

func writeClients(s *Source, w *writer) {
	g := s.House.Gauges()
	w.num("connected_clients", g.Clients)
	w.num("cluster_connections", 0)
	w.num("maxclients", s.Options.MaxClients.Load())
	w.num("client_recent_max_input_buffer", w.crowd.LargestIn)
	w.num("client_recent_max_output_buffer", w.crowd.LargestOut)
	w.num("blocked_clients", g.Blocked)
	w.num("tracking_clients", s.House.Tracking().Clients)
	w.num("pubsub_clients", w.crowd.Listening)
	w.num("watching_clients", w.crowd.Watching)
	w.num("clients_in_timeout_table", g.Timed)
	w.num("total_watched_keys", w.crowd.Watched)
	keys, gone := s.House.BlockingKeys()
	w.num("total_blocking_keys", keys)
	w.num("total_blocking_keys_on_nokey", gone)
}

// writeStatsAbsent writes the fields about what is not here, and about what is seldom.
func writeStatsAbsent(s *Source, w *writer) {
	w.num("evicted_scripts", s.Scripts().Evicted)
	w.num("unexpected_error_replies", s.House.Gauges().StreamErrors)
	for _, name := range notHere {
		w.num(name, 0)
	}
}

func writeStats(s *Source, w *writer) {
	st, _ := w.accounts(s.Store)
	g, fed := s.House.Gauges(), s.House.Replication()
	w.num("total_connections_received", g.Connections-s.base.connections.Load())
	w.num("total_commands_processed", w.sum.Commands)
	w.num("instantaneous_ops_per_sec", w.sum.PerSecond)
	w.num("total_net_input_bytes", w.sum.InputBytes+fed.In)
	w.num("total_net_output_bytes", w.sum.OutputBytes+fed.Out)
	w.num("total_net_repl_input_bytes", fed.In)
	w.num("total_net_repl_output_bytes", fed.Out)
	w.ratio("instantaneous_input_kbps", kilobytes(w.sum.InPerSec), "")
	w.ratio("instantaneous_output_kbps", kilobytes(w.sum.OutPerSec), "")
	w.ratio("instantaneous_input_repl_kbps", kilobytes(0), "")
	w.ratio("instantaneous_output_repl_kbps", kilobytes(0), "")
	w.num("rejected_connections", g.Rejected-s.base.rejected.Load())
	writeTLS(s, w)
	w.num("sync_full", fed.Full)
	w.num("sync_partial_ok", fed.Partial)
	w.num("sync_partial_err", fed.Refused)
	w.num("expired_keys", int64(st.Expired)-s.base.expired.Load())
	w.num("expired_subkeys", g.ExpiredFields)
	w.ratio("expired_stale_perc", stalePercent(s.Keeper, st.Expires), "")
	w.num("expired_time_cap_reached_count", s.Keeper.Stats.CapReached.Load())
	w.num("expire_cycle_cpu_milliseconds", s.Keeper.Stats.BusyUs.Load()/1000)
	w.num("expire_late_p50_milliseconds", s.Keeper.Stats.LatePercentile(50))
	w.num("expire_late_p99_milliseconds", s.Keeper.Stats.LatePercentile(99))
	w.num("expire_late_max_milliseconds", s.Keeper.Stats.LateMaxMs.Load())
	w.num("evicted_keys", int64(st.Evicted)-s.base.evicted.Load())
	w.num("evicted_clients", g.EvictedClients)
	total, current := s.House.OverLimitMs()
	w.num("total_eviction_exceeded_time", total)
	w.num("current_eviction_exceeded_time", current)
	w.num("keyspace_hits", w.sum.Hits)
	w.num("keyspace_misses", w.sum.Misses)
	w.num("pubsub_channels", int64(s.House.Channels(command.SubChannel)))
	w.num("pubsub_patterns", int64(s.House.Channels(command.SubPattern)))
	w.num("tracking_total_keys", s.House.Tracking().Keys)
	w.num("tracking_total_items", s.House.Tracking().Items)
	w.num("tracking_total_prefixes", s.House.Tracking().Prefixes)
	w.num("pubsubshard_channels", int64(s.House.Channels(command.SubShard)))
	writeStatsAbsent(s, w)
	w.num("total_error_replies", w.sum.Errors)
	w.num("total_reads_processed", w.sum.Net.Reads)
	w.num("total_writes_processed", w.sum.Net.Writes)
	w.num("eventloop_cycles", w.sum.Net.Turns)
	w.num("eventloop_duration_sum", w.sum.Net.BusyNanos/1000)
	w.num("eventloop_duration_cmd_sum", w.sum.CallNanos/1000)
	w.num("instantaneous_eventloop_cycles_per_sec", w.sum.TurnsPerSec)
	w.num("instantaneous_eventloop_duration_usec", w.sum.TurnNanos/1000)
	w.num("acl_access_denied_auth", s.Users.Denied(acl.DeniedAuth))
	w.num("acl_access_denied_cmd", s.Users.Denied(acl.DeniedCommand))
	w.num("acl_access_denied_key", s.Users.Denied(acl.DeniedKey))
	w.num("acl_access_denied_channel", s.Users.Denied(acl.DeniedChannel))
	w.num("client_query_buffer_limit_disconnections", g.QueryLimitCloses)
	w.num("client_output_buffer_limit_disconnections", g.OutputLimitCloses)
	k := s.Keeper
	ks := &k.Stats
	w.num("active_defrag_running", ks.DefragRunning.Load())
	w.num("active_defrag_hits", ks.DefragMoved.Load())
	w.num("active_defrag_misses", ks.DefragFailed.Load())
	w.num("active_defrag_key_hits", ks.DefragKeys.Load())
	w.num("active_defrag_key_misses", ks.DefragKept.Load())
	total, current = k.WastedMs()
	w.num("total_active_defrag_time", total)
	w.num("current_active_defrag_time", current)
	w.num("active_defrag_bytes_freed", ks.DefragFreed.Load())
	w.num("slow_lane_commands", w.sum.Slow)
	w.num("batches", w.sum.Batches)
}

// writeTLS tells of the handshakes, since the start, once there has been one.
func writeTLS(s *Source, w *writer) {
	n := s.Listeners.Handshakes()
	if n == (tlsport.Counts{}) {
		return
	}
	w.num("tls_handshakes_done", n.Done)
	w.num("tls_handshakes_resumed", n.Resumed)
	w.num("tls_handshakes_failed", n.Failed)
	w.num("tls_handshakes_late", n.Late)
	w.num("tls_handshakes_refused", n.Shed)
	w.num("tls_handshakes_pending", n.Pending)
}

// stalePercent estimates which share of the keys with a deadline, of which there are
// expires, is overdue.
func stalePercent(k *keeper.Keeper, expires int64) float64 {
	n := k.Stats.Overdue.Load()
	return 100 * float64(n) / float64(max(expires+n, 1))
}
