package info

import (
	"fmt"
	"strconv"

	"github.com/kringdb/kring/persistence"
)

// neverForked are the fields about child processes, of which there are none.
var neverForked = []string{
	"current_cow_peak", "current_cow_size", "current_cow_size_age", "rdb_last_cow_size", "aof_last_cow_size",
	"module_fork_in_progress", "module_fork_last_cow_size",
}

func writePersistence(s *Source, w *writer) {
	p := s.House.Persistence()
	a := p.AOF
	st := persistence.Stats{RewriteSecs: -1, LastRewriteSecs: -1, LastRewriteOK: true}
	if a != nil {
		st = a.Stats()
	}
	w.num("loading", asBit(p.Loading))
	w.num("async_loading", asBit(p.Beside))
	if (p.Loading || p.Beside) && p.Load != nil {
		writeLoading(p.Load, w)
	}
	for _, name := range neverForked {
		w.num(name, 0)
	}
	w.str("current_fork_perc", "0.00")
	writeSaves(&p.Saves, w)
	w.num("aof_enabled", asBit(a != nil))
	w.num("aof_rewrite_in_progress", asBit(p.Rewriting))
	w.num("aof_rewrite_scheduled", asBit(p.RewriteWaits))
	w.num("aof_last_rewrite_time_sec", st.LastRewriteSecs)
	w.num("aof_current_rewrite_time_sec", st.RewriteSecs)
	w.str("aof_last_bgrewrite_status", okOrErr(p.RewriteFailures == 0))
	w.num("aof_rewrites", p.Rewrites)
	w.num("aof_rewrites_consecutive_failures", p.RewriteFailures)
	w.str("aof_last_write_status", okOrErr(st.State != persistence.Broken))
	if a == nil {
		return
	}
	w.num("aof_current_size", st.SizeBytes)
	w.num("aof_base_size", st.BaseBytes)
	w.num("aof_pending_rewrite", 0)
	w.num("aof_buffer_length", st.BufferedBytes)
	w.num("aof_pending_bio_fsync", asBit(st.SyncRunning))
	w.num("aof_delayed_fsync", st.DelayedSyncs)
	w.num("aof_fsyncs", st.Syncs)
}

// writeSaves tells of the snapshots.
func writeSaves(sv *Saves, w *writer) {
	current := int64(-1)
	if sv.Begun != 0 {
		current = max(w.now.Unix()-sv.Begun, 0)
	}
	w.num("current_save_keys_processed", sv.Processed)
	w.num("current_save_keys_total", sv.Total)
	w.num("rdb_changes_since_last_save", sv.Changes+w.changes)
	w.num("rdb_bgsave_in_progress", asBit(sv.Begun != 0))
	w.num("rdb_last_save_time", sv.Last)
	w.str("rdb_last_bgsave_status", okOrErr(!sv.Failed))
	w.num("rdb_last_bgsave_time_sec", sv.LastSecs)
	w.num("rdb_current_bgsave_time_sec", current)
	w.num("rdb_saves", sv.Saves)
	w.num("rdb_last_load_keys_expired", sv.Expired)
	w.num("rdb_last_load_keys_loaded", sv.Loaded)
}

func writeLoading(p *persistence.Progress, w *writer) {
	begun, total, done := p.Started.Load(), p.Total.Load(), p.Loaded.Load()
	passed := max(w.now.Unix()-begun, 1)
	eta, percent := int64(1), 0.0
	if done > 0 {
		eta = passed * (total - done) / done
	}
	if total > 0 {
		percent = float64(done) / float64(total) * 100
	}
	w.num("loading_start_time", begun)
	w.num("loading_total_bytes", total)
	w.num("loading_rdb_used_mem", 0)
	w.num("loading_loaded_bytes", done)
	w.str("loading_loaded_perc", strconv.FormatFloat(percent, 'f', 2, 64))
	w.str("loading_eta_seconds", fmt.Sprint(eta))
}

func asBit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func okOrErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}
