package admit

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/store"
)

// names of the principals, in their order.
var names = [principals]string{"client", "transaction", "script", "waiter", "loader", "primary"}

// rig has the table of commands and a user who may do little.
func rig(t *testing.T) (*command.Table, *acl.User) {
	table, err := command.Build(command.All())
	if err != nil {
		t.Fatal(err)
	}
	users := acl.New(table)
	if _, err := users.Set("reader", []string{"on", "nopass", "~k*", "&c*", "+@all", "-set"}); err != nil {
		t.Fatal(err)
	}
	return table, users.Get("reader")
}

// resolve is what look-ahead does: it finds the spec of a call and what is wrong with it.
func resolve(table *command.Table, line string) (*command.Call, Fault) {
	call := &command.Call{}
	for _, w := range strings.Fields(line) {
		call.Args = append(call.Args, []byte(w))
	}
	if call.Spec = table.Lookup(call.Args[0]); call.Spec == nil {
		return call, NoFault
	}
	if call.Spec.Subs != nil && len(call.Args) > 1 {
		sub := call.Spec.LookupSub(call.Args[1])
		if sub == nil {
			return call, BadSubcommand
		}
		call.Spec = sub
	}
	if call.Spec.IsContainer() || !call.Spec.MatchesArity(len(call.Args)) {
		return call, BadArity
	}
	at, _ := call.Spec.AppendKeys(nil, call.Args)
	for _, i := range at {
		call.Keys = append(call.Keys, store.Key{Name: call.Args[i]})
	}
	return call, NoFault
}

// row is a call in a situation, with the ruling for each principal.
type row struct {
	call   string
	is     Standing
	state  State
	queued string // a call in the caller's MULTI
	limits bool   // the caller is the user who may do little
	slots  *Slots // the server is a node of a cluster
	reach  string // a call that a script has made before
	want   [principals]Ruling
}

// forClients is what clients get; the others run the call.
func forClients(r Ruling) [principals]Ruling { return [principals]Ruling{Client: r, Loader: NotLoaded} }

// forWrites is a ruling that all but the transaction's calls, the loader's and the primary's get.
func forWrites(r Ruling) [principals]Ruling {
	return [principals]Ruling{Client: r, Script: r, Waiter: r}
}

// byForm is a ruling about the call itself, which those who ask again need not hear again.
func byForm(r Ruling) [principals]Ruling {
	return [principals]Ruling{Client: r, Script: r, Loader: r, Primary: r}
}

// administers is what becomes of calls that concern the server.
func administers() [principals]Ruling {
	return [principals]Ruling{Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}
}

// reads adds the loader's refusal of what changes nothing.
func reads(w [principals]Ruling) [principals]Ruling {
	w[Loader] = NotLoaded
	return w
}

// TestVerdicts holds every ruling for every principal.
func TestVerdicts(t *testing.T) {
	table, reader := rig(t)
	everything := State(OverMemory | Full | Broken | Unsaved | FewReplicas | ReadOnly | MasterDown | Loading | AsyncLoading | Busy | PausedAll)
	rows := []row{
		{call: "set k v"},
		{call: "get k", want: reads([principals]Ruling{})},
		{call: "select 1"},
		// The call by itself.
		{call: "nosuch a", want: byForm(UnknownCommand)},
		{call: "post / HTTP/1.1", want: [principals]Ruling{Client: CrossProtocol, Script: UnknownCommand, Loader: UnknownCommand, Primary: UnknownCommand}},
		{call: "host: a", want: [principals]Ruling{Client: CrossProtocol, Script: UnknownCommand, Loader: UnknownCommand, Primary: UnknownCommand}},
		{call: "config nosuch", want: byForm(UnknownSubcommand)},
		{call: "set k", want: byForm(WrongArity)},
		{call: "config", want: byForm(WrongArity)},
		{call: "multi", want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "blpop k 0"}, // a script does not wait, but may ask
		{call: "config set a b", want: administers()},
		{call: "replicaof a 1", want: administers()},
		{call: "client pause 1", want: administers()},
		{call: "save", want: administers()},
		{call: "pfdebug encoding k"}, // it writes
		// The caller.
		{call: "set k v", is: NeedsAuth, want: [principals]Ruling{Client: NoAuth}},
		{call: "auth x", is: NeedsAuth, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "set k v", limits: true, want: [principals]Ruling{Client: Denied, Transaction: Denied, Script: Denied, Waiter: Denied}},
		{call: "rpush other v", limits: true, want: [principals]Ruling{Client: Denied, Transaction: Denied, Script: Denied, Waiter: Denied}},
		{call: "publish x v", limits: true, want: reads([principals]Ruling{Client: Denied, Transaction: Denied, Script: Denied, Waiter: Denied})},
		{call: "rpush k v", limits: true},
		{call: "debug sleep 0", is: NoDebug | Queueing, want: [principals]Ruling{Client: DebugBarred, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "debug sleep 0", is: NoModules | Queueing, want: [principals]Ruling{Client: Queue, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "module load x", is: NoModules | Queueing, want: [principals]Ruling{Client: ModulesBarred, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "module unload x", is: NoDebug, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "module list", is: NoDebug | NoModules, want: administers()},
		{call: "set k v", is: NoDebug | NoModules},
		{call: "set k v", is: Listening, want: [principals]Ruling{Client: IsListening}},
		{call: "ping", is: Listening, want: reads([principals]Ruling{})},
		{call: "get k", is: Monitoring, want: forClients(IsMonitoring)},
		{call: "eval x 0", is: Monitoring, want: [principals]Ruling{Client: IsMonitoring, Script: NotScripted, Loader: NotLoaded}},
		{call: "ping", is: Monitoring, want: reads([principals]Ruling{})},
		{call: "set k v", is: Queueing, want: [principals]Ruling{Client: Queue}},
		{call: "shutdown", is: Queueing, want: [principals]Ruling{Client: NotInMulti, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "discard", is: Queueing, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		// The server.
		{call: "set k v", state: OverMemory, want: forWrites(MakeRoom)},
		{call: "del k", state: OverMemory, want: forWrites(MakeRoom)},
		{call: "get k", state: OverMemory, want: reads([principals]Ruling{})},
		{call: "set k v", state: Full, want: forWrites(OutOfMemory)},
		{call: "del k", state: Full},
		{call: "set k v", state: Broken, want: forWrites(Misconfigured)},
		{call: "ping", state: Broken, want: reads(forWrites(Misconfigured))},
		{call: "get k", state: Broken, want: reads([principals]Ruling{})},
		{call: "set k v", state: Unsaved, want: forWrites(SaveFailed)},
		{call: "ping", state: Unsaved, want: reads(forWrites(SaveFailed))},
		{call: "get k", state: Unsaved, want: reads([principals]Ruling{})},
		{call: "set k v", state: FewReplicas, want: forWrites(NoReplicas)},
		{call: "get k", state: FewReplicas, want: reads([principals]Ruling{})},
		{call: "set k v", state: ReadOnly, want: forWrites(IsReadOnly)},
		{call: "get k", state: ReadOnly, want: reads([principals]Ruling{})},
		{call: "get k", state: MasterDown, want: reads(forWrites(IsStale))},
		{call: "client id", state: MasterDown, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "get k", state: Loading, want: [principals]Ruling{Client: IsLoading, Waiter: Wait, Loader: NotLoaded}},
		{call: "client id", state: Loading, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "replicaof a 1", state: AsyncLoading, want: [principals]Ruling{Client: IsLoadingAsync, Waiter: IsLoadingAsync, Script: NotScripted, Loader: NotLoaded,
			Primary: NotStreamed}},
		{call: "get k", state: AsyncLoading, want: reads([principals]Ruling{})},
		{call: "get k", state: Busy, want: forClients(IsBusy)},
		{call: "multi", state: Busy, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "set k v", state: PausedWrites, want: [principals]Ruling{Client: Wait, Waiter: Wait}},
		{call: "publish c v", state: PausedWrites, want: reads([principals]Ruling{Client: Wait, Waiter: Wait})},
		{call: "get k", state: PausedWrites, want: reads([principals]Ruling{})},
		{call: "exec", is: Queueing, queued: "eval x 0", state: PausedWrites, want: [principals]Ruling{Client: Wait, Script: NotScripted, Loader: NotLoaded}},
		{call: "get k", state: PausedAll, want: reads([principals]Ruling{Client: Wait, Waiter: Wait})},
		// EXEC stands for what is queued.
		{call: "exec", is: Queueing, queued: "set k v", state: Full, want: [principals]Ruling{Client: OutOfMemory, Script: NotScripted, Loader: NotLoaded}},
		{call: "exec", is: Queueing, queued: "del k", state: Full, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "exec", is: Queueing, queued: "get k", state: Loading, want: [principals]Ruling{Client: IsLoading, Script: NotScripted, Loader: NotLoaded}},
		{call: "exec", is: Queueing, queued: "get k", state: PausedWrites, want: [principals]Ruling{Script: NotScripted, Loader: NotLoaded}},
		{call: "exec", is: Queueing, queued: "del k", state: PausedWrites, want: [principals]Ruling{Client: Wait, Script: NotScripted, Loader: NotLoaded}},
		// Above maxmemory reads and deletions are queued.
		{call: "get k", is: Queueing, state: Full, want: reads([principals]Ruling{Client: Queue})},
		{call: "del k", is: Queueing, state: Full, want: [principals]Ruling{Client: Queue}},
		{call: "set k v", is: Queueing, state: Full, want: forWrites(OutOfMemory)},
		// Of several reasons the first in Redis's order.
		{call: "set k", is: NeedsAuth, want: byForm(WrongArity)},
		{call: "debug", is: NoDebug, want: byForm(WrongArity)},
		{call: "debug sleep 0", is: NoDebug | NeedsAuth, want: [principals]Ruling{Client: DebugBarred, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "shutdown", is: NeedsAuth | Queueing, want: [principals]Ruling{Client: NoAuth, Script: NotScripted, Loader: NotLoaded, Primary: NotStreamed}},
		{call: "set k v", is: NeedsAuth, limits: true, want: [principals]Ruling{Client: NoAuth, Transaction: Denied, Script: Denied, Waiter: Denied}},
		{call: "set k v", limits: true, state: everything, want: [principals]Ruling{Client: Denied, Transaction: Denied, Script: Denied, Waiter: Denied}},
		{call: "set k v", is: Listening, state: everything &^ OverMemory, want: forWrites(OutOfMemory)},
		{call: "set k v", state: everything &^ (OverMemory | Full), want: forWrites(SaveFailed)},
		{call: "set k v", state: everything &^ (OverMemory | Full | Unsaved), want: forWrites(Misconfigured)},
		{call: "get k", is: Listening, state: everything, want: reads([principals]Ruling{Client: IsListening, Script: IsStale, Waiter: IsStale})},
		{call: "get k", is: Queueing, state: Loading | Busy | PausedAll, want: [principals]Ruling{Client: IsLoading, Waiter: Wait, Loader: NotLoaded}},
		{call: "get k", is: Queueing, state: Busy | PausedAll, want: [principals]Ruling{Client: IsBusy, Waiter: Wait, Loader: NotLoaded}},
		{call: "get k", is: Queueing, state: PausedAll, want: reads([principals]Ruling{Client: Wait, Waiter: Wait})},
	}
	rows = append(rows, slotRows()...)
	seen := map[Ruling]bool{Ask: true, TryAgain: true} // TestOpenSlots
	for _, r := range rows {
		for p := range principals {
			call, fault := resolve(table, r.call)
			if call.Spec == nil && r.want[p] == Run { // those who ask again have a spec
				continue
			}
			caller := Caller{As: p, Is: r.is}
			if r.limits {
				caller.User = reader
			}
			if r.queued != "" {
				q, _ := resolve(table, r.queued)
				caller.Queued, caller.Lacking = q.Spec.Flags, ^q.Spec.Flags
				if r.slots != nil {
					caller.Reach.Note(q, r.slots)
				}
			}
			if caller.Slots = r.slots; r.reach != "" && p == Script {
				before, _ := resolve(table, r.reach)
				caller.Reach.Note(before, r.slots)
			}
			v := Judge(&caller, r.state, call, fault)
			if v.Ruling != r.want[p] {
				t.Errorf("%s, as %s, standing %b, state %b: ruling %d, want %d", r.call, names[p], r.is, r.state, v.Ruling, r.want[p])
			}
			seen[v.Ruling] = true
			if text := v.Text(&caller, call, "why"); v.Refused() && text == "" && v.Ruling != CrossProtocol {
				t.Errorf("%s, as %s: no text for ruling %d", r.call, names[p], v.Ruling)
			}
		}
	}
	for r := range rulings {
		if !seen[r] {
			t.Errorf("no row has ruling %d", r)
		}
	}
}

// TestTexts holds the texts, as Redis words them.
func TestTexts(t *testing.T) {
	table, reader := rig(t)
	for _, c := range []struct {
		as    Principal
		line  string
		state State
		want  string
	}{
		{Client, "nosuch a b", 0, "ERR unknown command 'nosuch', with args beginning with: 'a' 'b' "},
		{Script, "nosuch a b", 0, "ERR Unknown Redis command called from script"},
		{Client, "config nosuch", 0, "ERR unknown subcommand 'nosuch'. Try CONFIG HELP."},
		{Client, "get", 0, "ERR wrong number of arguments for 'get' command"},
		{Script, "get", 0, "ERR Wrong number of args calling Redis command from script"},
		{Script, "multi", 0, "ERR This Redis command is not allowed from script"},
		{Client, "set k v", 0, "NOPERM User reader has no permissions to run the 'set' command"},
		{Client, "get other", 0, "NOPERM No permissions to access a key"},
		{Client, "publish x v", 0, "NOPERM No permissions to access a channel"},
		{Transaction, "get other", 0, "NOPERM ACL rules changed between the moment the transaction was accumulated and the EXEC call. No permissions to access a key"},
		{Script, "set k v", 0, "ERR The user executing the script can't run this command or subcommand"},
		{Script, "get other", 0, "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"},
		{Script, "publish x v", 0, "ERR The user executing the script can't publish to the channel mentioned in the command"},
		{Client, "incr k", Full, "OOM command not allowed when used memory > 'maxmemory'."},
		{Client, "incr k", Broken, "MISCONF Errors writing to the AOF file: why"},
		{Client, "incr k", ReadOnly, "READONLY You can't write against a read only replica."},
		{Client, "get k", MasterDown, "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."},
		{Client, "get k", Loading, "LOADING Redis is loading the dataset in memory"},
	} {
		call, fault := resolve(table, c.line)
		caller := Caller{As: c.as, User: reader}
		v := Judge(&caller, c.state, call, fault)
		if got := v.Text(&caller, call, "why"); got != c.want {
			t.Errorf("%s, as %s: %q, want %q", c.line, names[c.as], got, c.want)
		}
	}
}

// TestJudgeAllocatesNothing holds that asking is cheap.
func TestJudgeAllocatesNothing(t *testing.T) {
	table, _ := rig(t)
	call, _ := resolve(table, "set k v")
	caller := Caller{}
	if n := testing.AllocsPerRun(100, func() { _ = Judge(&caller, Full, call, NoFault) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestDeclared: what a script declares is judged instead of what its command may do.
func TestDeclared(t *testing.T) {
	table, _ := rig(t)
	call, _ := resolve(table, "eval x 0")
	for _, x := range []struct {
		declared command.Flag
		state    State
		want     Ruling
	}{
		{0, PausedWrites, Wait},
		{command.Script, PausedWrites, Run},
		{command.Script | command.Write, PausedWrites, Wait},
		{0, Full, Run},
		{command.Script | command.Write | command.DenyOOM, Full, OutOfMemory},
		{command.Script | command.Write | command.DenyOOM, OverMemory, MakeRoom},
		{command.Script | command.Write, Full, Run},
		{0, FewReplicas, Run},
		{command.Script | command.Write, FewReplicas, NoReplicas},
		{command.Script | command.Write, ReadOnly, IsReadOnly},
		{0, MasterDown, Run},
		{command.Script, MasterDown, IsStale},
		{command.Script | command.Stale, MasterDown, Run},
	} {
		if got := Judge(&Caller{Declared: x.declared}, x.state, call, NoFault).Ruling; got != x.want {
			t.Errorf("%x in state %x: ruling %d, want %d", x.declared, x.state, got, x.want)
		}
	}
}
