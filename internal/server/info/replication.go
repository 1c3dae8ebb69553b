package info

import (
	"fmt"
	"strconv"
)

func writeReplication(s *Source, w *writer) {
	r := s.House.Replication()
	if st, replica := s.House.Following(); replica {
		writeFollowing(s, w, &st)
	} else {
		w.str("role", "master")
	}
	w.num("connected_slaves", int64(len(r.Replicas)))
	if s.Options.MinReplicasToWrite.Load() > 0 && s.Options.MinReplicasMaxLag.Load() > 0 {
		w.num("min_slaves_good_slaves", r.Good)
	}
	for i, p := range r.Replicas {
		w.str("slave"+strconv.Itoa(i), fmt.Sprintf("ip=%s,port=%d,state=%s,offset=%d,lag=%d,behind=%d", p.IP, p.Port, p.State, p.Offset, p.Lag, p.Behind))
	}
	w.str("master_failover_state", r.Failover)
	w.str("master_replid", r.ID)
	w.str("master_replid2", r.Second)
	w.num("master_repl_offset", r.Backlog.Offset)
	second := int64(-1)
	if r.Until >= 0 {
		second = r.Until + 1 // counted from 1, as the offset of a byte in PSYNC is
	}
	w.num("second_repl_offset", second)
	if !r.Backlog.Active {
		w.num("repl_backlog_active", 0)
		w.num("repl_backlog_size", s.Options.ReplBacklogSize.Load())
		w.num("repl_backlog_first_byte_offset", 0)
		w.num("repl_backlog_histlen", 0)
		return
	}
	w.num("repl_backlog_active", 1)
	w.num("repl_backlog_size", s.Options.ReplBacklogSize.Load())
	w.num("repl_backlog_first_byte_offset", r.Backlog.First+1)
	w.num("repl_backlog_histlen", r.Backlog.Offset-r.Backlog.First)
}
