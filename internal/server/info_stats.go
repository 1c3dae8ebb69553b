package server

import (
	"strconv"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/tlsport"
	"github.com/kringdb/kring/netio"
)

// notHere are counters of what this server does not do: it never forks, migrates
// keys or has I/O threads, and its reply buffers are rings.
var notHere = []string{
	"latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
	"unexpected_error_replies", "dump_payload_sanitizations",
	"evicted_scripts", "io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands",
}

// netCounts is what the reactor has done since the last CONFIG RESETSTAT.
func (ex *executor) netCounts(r *netio.Reactor) netio.Counts {
	c := r.Counts()
	c.Turns -= ex.netBase.Turns
	c.Reads -= ex.netBase.Reads
	c.Writes -= ex.netBase.Writes
	c.BusyNanos -= ex.netBase.BusyNanos
	return c
}

// kilobytes writes a number of bytes per second as INFO does.
func kilobytes(perSecond int64) string {
	return strconv.FormatFloat(float64(perSecond)/1024, 'f', 2, 64)
}

// blockingKeys counts the keys that clients wait for, and those of them whose deletion
// ends the waiting.
func (s *Server) blockingKeys() (all, deletions int64) {
	for i := range s.observers {
		o := &s.observers[i]
		o.mu.Lock()
		all += int64(len(o.mu.queues))
		for _, q := range o.mu.queues {
			if q.deletions > 0 {
				deletions++
			}
		}
		o.mu.Unlock()
	}
	return all, deletions
}

func infoClients(s *Server, w *infoWriter) {
	w.num("connected_clients", s.counts.clients.Load())
	w.num("cluster_connections", 0)
	w.num("maxclients", s.opts.MaxClients.Load())
	w.num("client_recent_max_input_buffer", w.crowd.largestIn)
	w.num("client_recent_max_output_buffer", w.crowd.largestOut)
	w.num("blocked_clients", s.counts.blocked.Load())
	w.num("tracking_clients", s.tracking.Stats().Clients)
	w.num("pubsub_clients", w.crowd.listening)
	w.num("watching_clients", w.crowd.watching)
	w.num("clients_in_timeout_table", s.counts.timed.Load())
	w.num("total_watched_keys", w.crowd.watched)
	keys, gone := s.blockingKeys()
	w.num("total_blocking_keys", keys)
	w.num("total_blocking_keys_on_nokey", gone)
}

func infoStats(s *Server, w *infoWriter) {
	st := w.storeStats(s.store)
	w.num("total_connections_received", s.counts.connections.Load()-s.base.connections.Load())
	w.num("total_commands_processed", w.sum.Commands)
	w.num("instantaneous_ops_per_sec", w.sum.PerSecond)
	w.num("total_net_input_bytes", w.sum.InputBytes)
	w.num("total_net_output_bytes", w.sum.OutputBytes)
	w.num("total_net_repl_input_bytes", 0)
	w.num("total_net_repl_output_bytes", 0)
	w.str("instantaneous_input_kbps", kilobytes(w.sum.InPerSec))
	w.str("instantaneous_output_kbps", kilobytes(w.sum.OutPerSec))
	w.str("instantaneous_input_repl_kbps", kilobytes(0))
	w.str("instantaneous_output_repl_kbps", kilobytes(0))
	w.num("rejected_connections", s.counts.rejected.Load()-s.base.rejected.Load())
	s.infoTLS(w)
	for _, name := range []string{"sync_full", "sync_partial_ok", "sync_partial_err"} { // there is no replication
		w.num(name, 0)
	}
	w.num("expired_keys", int64(st.Expired)-s.base.expired.Load())
	w.num("expired_subkeys", s.counts.expiredFields.Load())
	w.str("expired_stale_perc", s.stalePercent(st.Expires))
	w.num("expired_time_cap_reached_count", s.keeper.Stats.CapReached.Load())
	w.num("expire_cycle_cpu_milliseconds", s.keeper.Stats.BusyUs.Load()/1000)
	w.num("expire_late_p50_milliseconds", s.keeper.Stats.LatePercentile(50))
	w.num("expire_late_p99_milliseconds", s.keeper.Stats.LatePercentile(99))
	w.num("expire_late_max_milliseconds", s.keeper.Stats.LateMaxMs.Load())
	w.num("evicted_keys", int64(st.Evicted)-s.base.evicted.Load())
	w.num("evicted_clients", s.counts.evictedClients.Load())
	total, current := s.overLimitMs()
	w.num("total_eviction_exceeded_time", total)
	w.num("current_eviction_exceeded_time", current)
	w.num("keyspace_hits", w.sum.Hits)
	w.num("keyspace_misses", w.sum.Misses)
	w.num("pubsub_channels", int64(s.host.PubSub.CountChannels(command.SubChannel)))
	w.num("pubsub_patterns", int64(s.host.PubSub.CountChannels(command.SubPattern)))
	w.num("tracking_total_keys", s.tracking.Stats().Keys)
	w.num("tracking_total_items", s.tracking.Stats().Items)
	w.num("tracking_total_prefixes", s.tracking.Stats().Prefixes)
	w.num("pubsubshard_channels", int64(s.host.PubSub.CountChannels(command.SubShard)))
	for _, name := range notHere {
		w.num(name, 0)
	}
	w.num("total_error_replies", w.sum.Errors)
	w.num("total_reads_processed", w.sum.Net.Reads)
	w.num("total_writes_processed", w.sum.Net.Writes)
	w.num("eventloop_cycles", w.sum.Net.Turns)
	w.num("eventloop_duration_sum", w.sum.Net.BusyNanos/1000)
	w.num("eventloop_duration_cmd_sum", w.sum.CallNanos/1000)
	w.num("instantaneous_eventloop_cycles_per_sec", w.sum.TurnsPerSec)
	w.num("instantaneous_eventloop_duration_usec", w.sum.TurnNanos/1000)
	w.num("acl_access_denied_auth", s.users.Denied(acl.DeniedAuth))
	w.num("acl_access_denied_cmd", s.users.Denied(acl.DeniedCommand))
	w.num("acl_access_denied_key", s.users.Denied(acl.DeniedKey))
	w.num("acl_access_denied_channel", s.users.Denied(acl.DeniedChannel))
	w.num("client_query_buffer_limit_disconnections", s.counts.queryLimitCloses.Load())
	w.num("client_output_buffer_limit_disconnections", s.counts.outputLimitCloses.Load())
	k := s.keeper
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

func infoReplication(s *Server, w *infoWriter) {
	w.str("role", "master")
	w.num("connected_slaves", 0)
	w.str("master_failover_state", "no-failover")
	w.str("master_replid", s.replID)
	w.str("master_replid2", strings.Repeat("0", 40))
	w.num("master_repl_offset", 0)
	w.num("second_repl_offset", -1)
	w.num("repl_backlog_active", 0)
	w.str("repl_backlog_size", s.opts.String("repl-backlog-size"))
	w.num("repl_backlog_first_byte_offset", 0)
	w.num("repl_backlog_histlen", 0)
}

// infoTLS tells of the handshakes, since the start, once there has been one.
func (s *Server) infoTLS(w *infoWriter) {
	n := s.listeners.Handshakes()
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
