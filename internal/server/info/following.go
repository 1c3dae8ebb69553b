package info

import (
	"strconv"

	"github.com/kringdb/kring/internal/server/follow"
)

// writeFollowing shows the link of a replica to its primary.
func writeFollowing(s *Source, w *writer, st *follow.Status) {
	up := "down"
	if st.Up {
		up = "up"
	}
	w.str("role", "slave")
	w.str("master_host", st.Host)
	w.num("master_port", int64(st.Port))
	w.str("master_link_status", up)
	w.num("master_last_io_seconds_ago", int64(st.LastIO.Seconds()))
	w.num("master_sync_in_progress", asBit(st.State == follow.Sync))
	w.num("slave_read_repl_offset", max(st.Read, st.Applied))
	w.num("slave_repl_offset", st.Applied)
	if st.State == follow.Sync {
		perc := 0.0
		if st.SyncTotal > 0 {
			perc = float64(st.SyncRead) / float64(st.SyncTotal) * 100
		}
		w.num("master_sync_total_bytes", max(st.SyncTotal, 0))
		w.num("master_sync_read_bytes", st.SyncRead)
		w.num("master_sync_left_bytes", max(st.SyncTotal, 0)-min(st.SyncRead, max(st.SyncTotal, 0)))
		w.str("master_sync_perc", strconv.FormatFloat(perc, 'f', 2, 64))
		w.num("master_sync_last_io_seconds_ago", int64(st.SyncIO.Seconds()))
	}
	if !st.Up {
		w.num("master_link_down_since_seconds", int64(st.LostFor.Seconds()))
		if st.Reason != "" {
			w.str("master_link_down_reason", st.Reason)
		}
	}
	w.num("slave_priority", s.Options.ReplicaPriority.Load())
	w.num("slave_read_only", asBit(s.Options.ReplicaReadOnly.Load()))
	w.num("replica_announced", asBit(s.Options.ReplicaAnnounced.Load()))
}
