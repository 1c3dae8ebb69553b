package admit

import (
	"testing"

	"github.com/kringdb/kring/internal/cluster"
)

// slotsWith has all slots Elsewhere, but for those of some keys.
func slotsWith(places map[string]Place) *Slots {
	s := &Slots{}
	for i := range s.Places {
		s.Places[i] = Elsewhere
	}
	for key, p := range places {
		s.Places[cluster.KeySlot([]byte(key))] = p
	}
	return s
}

// forAskers is a ruling that all get whose calls are asked about slots.
func forAskers(r Ruling) [principals]Ruling { return forWrites(r) }

// slotRows are the rows of TestVerdicts for a node of a cluster. Of the keys here is Here, and so on.
func slotRows() []row {
	s := slotsWith(map[string]Place{"here": Here, "leaving": Leaving, "coming": Coming, "followed": Followed, "nobodys": Nobodys})
	down, downReads, downChannels := *s, *s, *s
	down.Down, downReads.Down, downReads.DownReads = true, true, true
	downChannels.Down, downChannels.DownChannels = true, true
	all := &Slots{All: true}
	for i := range all.Places {
		all.Places[i] = Here
	}
	held := *s
	held.Down, held.Held = true, true
	waits := [principals]Ruling{Client: Wait, Script: IsDown, Waiter: Wait}
	noScript := func(w [principals]Ruling) [principals]Ruling {
		w[Script], w[Loader] = NotScripted, NotLoaded
		return w
	}
	return []row{
		{call: "set here v", slots: s},
		{call: "get here", slots: s, want: reads([principals]Ruling{})},
		{call: "ping", slots: &down, want: reads([principals]Ruling{})},
		{call: "set other v", slots: s, want: forAskers(Moved)},
		{call: "set other v", slots: all},
		{call: "mset {other}a 1 {here}b 2", slots: all, want: forAskers(CrossSlot)},
		{call: "mset {here}a 1 {here}b 2", slots: s},
		{call: "mset {here}a 1 {other}b 2", slots: s, want: forAskers(CrossSlot)},
		{call: "mset {nobodys}a 1 {here}b 2", slots: s, want: forAskers(NotServed)},
		{call: "set nobodys v", slots: s, want: forAskers(NotServed)},
		{call: "set here v", slots: &down, want: forAskers(IsDown)},
		{call: "get here", slots: &down, want: reads(forAskers(IsDown))},
		{call: "get here", slots: &downReads, want: reads([principals]Ruling{})},
		{call: "set here v", slots: &downReads, want: forAskers(IsDownForWrites)},
		{call: "get here", slots: &downChannels, want: reads(forAskers(IsDown))},
		{call: "spublish here v", slots: &down, want: reads(forAskers(IsDown))},
		{call: "spublish here v", slots: &downChannels, want: reads([principals]Ruling{})},
		{call: "spublish other v", slots: s, want: reads(forAskers(Moved))},
		{call: "publish other v", slots: s, want: reads([principals]Ruling{})},
		{call: "set here v", slots: &held, want: waits},
		{call: "set other v", slots: &held, want: waits},
		{call: "ping", slots: &held, want: reads([principals]Ruling{})},
		// Replicas.
		{call: "get followed", slots: s, want: reads(forAskers(Moved))},
		{call: "get followed", is: ReadsReplica, slots: s, want: reads([principals]Ruling{})},
		{call: "set followed v", is: ReadsReplica, slots: s, want: forAskers(Moved)},
		{call: "get other", is: ReadsReplica, slots: s, want: reads(forAskers(Moved))},
		{call: "spublish followed v", slots: s, want: reads([principals]Ruling{})},
		// Slots that move key by key.
		{call: "set leaving v", slots: s},
		{call: "set coming v", slots: s, want: forAskers(Moved)},
		{call: "set coming v", is: Asks, slots: s},
		{call: "restore-asking coming 0 v", slots: s},
		{call: "migrate h 1 leaving 0 9", slots: s},
		{call: "migrate h 1 coming 0 9", slots: s},
		{call: "migrate h 1 other 0 9", slots: s, want: forAskers(Moved)},
		{call: "set other v", is: Asks, slots: s, want: forAskers(Moved)},
		// Transactions: what is queued is asked about when it is sent, and all of it at EXEC.
		{call: "set other v", is: Queueing, slots: s, want: forAskers(Moved)},
		{call: "set here v", is: Queueing, slots: s, want: [principals]Ruling{Client: Queue}},
		{call: "exec", is: Queueing, queued: "set other v", slots: s, want: noScript([principals]Ruling{Client: Moved})},
		{call: "exec", is: Queueing, queued: "set here v", slots: s, want: noScript([principals]Ruling{})},
		{call: "exec", is: Queueing, queued: "set here v", slots: &down, want: noScript([principals]Ruling{Client: IsDown})},
		{call: "exec", is: Queueing, queued: "set here v", slots: &downReads, want: noScript([principals]Ruling{Client: IsDownForWrites})},
		{call: "exec", is: Queueing, queued: "mset {here}a 1 {other}b 2", slots: s, want: noScript([principals]Ruling{Client: CrossSlot})},
		{call: "exec", is: Queueing, queued: "get followed", slots: s, want: noScript([principals]Ruling{Client: Moved})},
		{call: "exec", is: Queueing | ReadsReplica, queued: "get followed", slots: s, want: noScript([principals]Ruling{})},
		{call: "exec", is: Queueing | ReadsReplica, queued: "set followed v", slots: s, want: noScript([principals]Ruling{Client: Moved})},
		{call: "exec", slots: &down, want: noScript([principals]Ruling{})},
		// Scripts, which use one slot unless they say otherwise.
		{call: "set here v", reach: "get {here}b", slots: s},
		{call: "set here v", reach: "get leaving", slots: s, want: [principals]Ruling{Script: CrossSlot}},
		{call: "set other v", reach: "get leaving", slots: s, want: forAskers(Moved)},
		// In Redis's order.
		{call: "set other v", slots: s, limits: true, want: [principals]Ruling{Client: Denied, Transaction: Denied, Script: Denied, Waiter: Denied}},
		{call: "set other v", slots: s, state: Full, want: forAskers(Moved)},
		{call: "set other v", slots: s, is: NeedsAuth, want: [principals]Ruling{Client: NoAuth, Script: Moved, Waiter: Moved}},
	}
}

// TestOpenSlots holds what becomes of a call to a slot that moves, by the keys that are here.
func TestOpenSlots(t *testing.T) {
	table, _ := rig(t)
	s := slotsWith(map[string]Place{"leaving": Leaving, "coming": Coming})
	for _, c := range []struct {
		line          string
		is            Standing
		open          bool
		here, missing int
		want          Ruling
	}{
		{"get leaving", 0, true, 1, 0, Run},
		{"get leaving", 0, true, 0, 1, Ask},
		{"mget {leaving}a {leaving}b", 0, true, 0, 2, Ask},
		{"mget {leaving}a {leaving}b", 0, true, 1, 1, TryAgain},
		{"mget {leaving}a {leaving}b", 0, true, 2, 0, Run},
		{"get coming", Asks, false, 0, 1, Run},
		{"mget {coming}a {coming}a", Asks, false, 0, 2, Run},
		{"mget {coming}a {coming}b", Asks, true, 2, 0, Run},
		{"mget {coming}a {coming}b", Asks, true, 1, 1, TryAgain},
		{"mget {coming}a {coming}b", Asks, true, 0, 2, TryAgain},
		{"spublish leaving v", 0, false, 0, 1, Run},
	} {
		call, fault := resolve(table, c.line)
		v := Judge(&Caller{Is: c.is, Slots: s}, 0, call, fault)
		got := v.Ruling
		if v.Open {
			got = v.JudgeOpen(c.here, c.missing)
		}
		if v.Open != c.open || got != c.want {
			t.Errorf("%s with %d keys here, %d missing: open %v, ruling %d, want %v, %d", c.line, c.here, c.missing, v.Open, got, c.open, c.want)
		}
	}
}

// TestSlotTexts holds the texts, those of redis-server 7.0.
func TestSlotTexts(t *testing.T) {
	table, _ := rig(t)
	call, _ := resolve(table, "set k v")
	for _, c := range []struct {
		as   Principal
		r    Ruling
		want string
	}{
		{Client, Moved, "MOVED 1 h:1"},
		{Client, Ask, "MOVED 1 h:1"}, // the redirection is the caller's
		{Client, NotServed, "CLUSTERDOWN Hash slot not served"},
		{Client, IsDown, "CLUSTERDOWN The cluster is down"},
		{Client, IsDownForWrites, "CLUSTERDOWN The cluster is down and only accepts read commands"},
		{Client, CrossSlot, "CROSSSLOT Keys in request don't hash to the same slot"},
		{Client, TryAgain, "TRYAGAIN Multiple keys request during rehashing of slot"},
		{Script, CrossSlot, "ERR Script attempted to access keys that do not hash to the same slot"},
		{Script, IsDown, "ERR Script attempted to execute a command while the cluster is down"},
		{Script, IsDownForWrites, "ERR Script attempted to execute a write command while the cluster is down and readonly"},
		{Script, NotServed, "ERR Script attempted to access a non local key in a cluster node"},
		{Script, Moved, "ERR Script attempted to access a non local key in a cluster node"},
		{Script, Ask, "ERR Script attempted to access a non local key in a cluster node"},
	} {
		if got := (Verdict{Ruling: c.r}).Text(&Caller{As: c.as}, call, "MOVED 1 h:1"); got != c.want {
			t.Errorf("%s, ruling %d: %q, not %q", names[c.as], c.r, got, c.want)
		}
	}
}

// TestServes: what the plain path lets through is what Judge lets through.
func TestServes(t *testing.T) {
	s := slotsWith(map[string]Place{"here": Here, "leaving": Leaving, "coming": Coming, "followed": Followed, "nobodys": Nobodys})
	down := *s
	down.Down = true
	for key, want := range map[string]bool{"here": true, "{here}x": true, "leaving": false, "coming": false, "followed": false, "nobodys": false, "x": false} {
		if slot := cluster.KeySlot([]byte(key)); s.Serves(slot) != want || down.Serves(slot) {
			t.Errorf("key %s: %v, and %v while the cluster is down", key, s.Serves(slot), down.Serves(slot))
		}
	}
}
