package admit

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/acl"
)

// Principal is on whose behalf a call runs.
type Principal uint8

const (
	Client      Principal = iota // a connection sent it
	Transaction                  // EXEC runs what a client has queued
	Script                       // a script calls it for a client
	Waiter                       // a client was blocked in it, and a key has changed
	Loader                       // it stands in the AOF
	Primary                      // it comes from the server's primary
	principals
)

// Standing is the state of a caller, in bits.
type Standing uint8

const (
	NeedsAuth    Standing = 1 << iota // a password is set, and it has not given it
	Listening                         // it speaks RESP2 and has subscribed to something
	Queueing                          // it has sent MULTI
	Monitoring                        // it has sent MONITOR, or PSYNC: calls are sent to it
	NoDebug                           // enable-debug-command does not allow it what has command.ProtectedDebug
	NoModules                         // the same with enable-module-command
	ReadsReplica                      // it has sent READONLY
	Asks                              // it has sent ASKING
)

// InCluster is what is of use in a cluster only.
const InCluster = ReadsReplica | Asks

// Caller is who calls.
type Caller struct {
	As   Principal
	Is   Standing
	User *acl.User // nil: one who may do everything

	// Of a caller that is Queueing, for its EXEC: the flags that some of the queued calls have, and
	// those that some of them lack.
	Queued, Lacking command.Flag
	// The flags of its call, which runs a script that declares what it does; 0: the Spec's hold.
	Declared command.Flag

	Slots *Slots // of a node of a cluster, nil: the server is none
	Reach Reach  // of what is queued, or of a script: what it has used
}

// State is the state of the server, in bits.
type State uint32

const (
	OverMemory   State = 1 << iota // it holds more than maxmemory, and may evict
	Full                           // it does, and there is nothing left to evict
	Broken                         // the AOF has failed
	Unsaved                        // the last snapshot has failed
	FewReplicas                    // fewer than min-replicas-to-write
	ReadOnly                       // a replica that takes no writes of clients
	MasterDown                     // a replica that must not show data that may be old
	Loading                        // data is being loaded
	AsyncLoading                   // beside what is served
	Busy                           // a script runs for too long
	PausedWrites                   // CLIENT PAUSE WRITE
	PausedAll                      // CLIENT PAUSE
)

// Fault says what is wrong with a call by itself.
type Fault uint8

const (
	NoFault Fault = iota
	BadSubcommand
	BadArity
	BadKeys // its keys cannot be told; the handler says so itself
)

// Ruling is what becomes of a call.
type Ruling uint8

const (
	Run Ruling = iota
	Queue
	Wait
	MakeRoom

	// All from here on are refusals.
	CrossProtocol // a browser sent it: the connection is closed without an answer
	UnknownCommand
	UnknownSubcommand
	WrongArity
	NotScripted // no command for scripts
	NotLoaded   // no command that stands in an AOF
	NotStreamed // it concerns the server, and no data: no primary has that done here
	DebugBarred
	ModulesBarred
	NoAuth
	NotInMulti
	Denied
	NotServed // the slot of its keys has no node
	CrossSlot
	IsDown // the cluster is
	IsDownForWrites
	Moved // another node serves the slot
	Ask   // another node has the keys of the slot that are not here any more
	TryAgain
	OutOfMemory
	Misconfigured
	SaveFailed
	NoReplicas
	IsReadOnly
	IsListening
	IsStale
	IsLoading
	IsLoadingAsync
	IsBusy
	IsMonitoring
	rulings
)

// Verdict is the answer to the question whether a call may run.
type Verdict struct {
	Ruling Ruling
	Denial acl.Verdict // of Denied: what, and which argument

	Slot  cluster.Slot // of its keys, on a node of a cluster
	Place Place        // of the slot
	Open  bool         // it may run only if its keys are here: see JudgeOpen
}

// Elsewhere tells whether a call is refused because of the slots of its keys.
func (r Ruling) Elsewhere() bool { return r >= NotServed && r <= TryAgain }

// Refused tells whether the call will not run.
func (v Verdict) Refused() bool { return v.Ruling >= CrossProtocol }

// check is a bit for each question that Judge asks.
type check uint32

const (
	form      check = 1 << iota // it exists and has the right number of arguments
	browser                     // it is not HTTP
	scripted                    // scripts may call it
	loaded                      // it belongs into an AOF
	streamed                    // it may stand in a primary's stream
	protected                   // an option allows it
	login                       // its client has authenticated
	multi                       // it may stand in a transaction
	rights                      // its user may do it
	room                        // maxmemory
	broken                      // MISCONF
	replicas                    // min-replicas-to-write
	readOnly                    // READONLY
	listening                   // subscribers may do little
	stale                       // MASTERDOWN
	loading                     // LOADING
	busy                        // BUSY
	monitor                     // who monitors leaves the keys alone
	paused                      // CLIENT PAUSE
	queue                       // MULTI
	slots                       // this node serves its keys
)

// checksOf has, by principal, what is asked of a call. What a client's call was asked when it
// was queued or blocked is not asked again, but for what may have changed since.
var checksOf = [principals]check{
	Client: form | browser | protected | login | multi | rights | room | broken | replicas | readOnly | listening | stale | loading | busy | monitor |
		paused | queue | slots,
	Transaction: rights, // EXEC itself was asked the rest, for all of its calls
	Script:      form | scripted | rights | slots | room | broken | replicas | readOnly | stale,
	Waiter:      rights | slots | room | broken | replicas | readOnly | stale | loading | paused,
	Loader:      form | loaded,
	Primary:     form | streamed,
}

// Judge decides whether a call may run, in Redis's order. call.Spec is nil for a command that
// does not exist; for a subcommand that does not, it is the container.
func Judge(c *Caller, s State, call *command.Call, f Fault) Verdict {
	asked, spec := checksOf[c.As], call.Spec
	if asked&form != 0 {
		if r := malformed(asked, call, f); r != Run {
			return Verdict{Ruling: r}
		}
	}
	flags := spec.Flags
	if asked&queue != 0 {
		flags = c.flagsOf(flags)
	}
	switch {
	case asked&scripted != 0 && flags&command.NoScript != 0:
		return Verdict{Ruling: NotScripted}
	case asked&loaded != 0 && flags&(command.Write|command.InAOF) == 0:
		return Verdict{Ruling: NotLoaded}
	case asked&streamed != 0 && flags&(command.Admin|command.Write) == command.Admin:
		return Verdict{Ruling: NotStreamed}
	case asked&protected != 0 && flags&command.ProtectedDebug != 0 && c.Is&NoDebug != 0:
		return Verdict{Ruling: DebugBarred}
	case asked&protected != 0 && flags&command.ProtectedModules != 0 && c.Is&NoModules != 0:
		return Verdict{Ruling: ModulesBarred}
	case asked&login != 0 && c.Is&NeedsAuth != 0 && flags&command.NoAuth == 0:
		return Verdict{Ruling: NoAuth}
	case asked&multi != 0 && c.Is&Queueing != 0 && flags&command.NoMulti != 0:
		return Verdict{Ruling: NotInMulti}
	}
	if asked&rights != 0 && c.User != nil {
		if d := c.User.Check(spec, call.Args); d.Denied != acl.Allowed {
			return Verdict{Ruling: Denied, Denial: d}
		}
	}
	var v Verdict
	if asked&slots != 0 && c.Slots != nil {
		if v = c.judgeSlots(call, flags); v.Ruling != Run {
			return v
		}
	}
	if s != 0 {
		if r := unfit(asked, s, flags); r != Run {
			return Verdict{Ruling: r}
		}
	}
	if asked&listening != 0 && c.Is&Listening != 0 && flags&command.WhileSubscribed == 0 {
		return Verdict{Ruling: IsListening}
	}
	if s != 0 {
		if r := unready(asked, s, flags); r != Run {
			return Verdict{Ruling: r}
		}
	}
	switch {
	case asked&monitor != 0 && c.Is&Monitoring != 0 && flags&(command.ReadOnly|command.Write|command.MayReplicate|command.Script) != 0:
		return Verdict{Ruling: IsMonitoring}
	case asked&paused != 0 && (s&PausedAll != 0 || s&PausedWrites != 0 && flags&(command.Write|command.MayReplicate|command.MayWrite) != 0):
		return Verdict{Ruling: Wait}
	case asked&queue != 0 && c.Is&Queueing != 0 && flags&command.AtOnce == 0:
		v.Ruling = Queue
	}
	return v
}

// flagsOf is the flags of a call: an EXEC stands for what is queued, a script for what it declares.
func (c *Caller) flagsOf(flags command.Flag) command.Flag {
	if c.Declared != 0 {
		return c.Declared
	}
	if flags&command.Exec != 0 && c.Is&Queueing != 0 {
		flags |= c.Queued & (command.Write | command.DenyOOM | command.MayReplicate | command.MayWrite)
		flags &^= c.Lacking & (command.Loading | command.Stale)
	}
	return flags
}

// malformed finds what is wrong with a call by itself.
func malformed(asked check, call *command.Call, f Fault) Ruling {
	switch {
	case call.Spec == nil && asked&browser != 0 && (command.EqualFold(call.Args[0], "post") || command.EqualFold(call.Args[0], "host:")):
		return CrossProtocol
	case call.Spec == nil:
		return UnknownCommand
	case f == BadSubcommand:
		return UnknownSubcommand
	case f == BadArity:
		return WrongArity
	}
	return Run
}

// unfit finds why the server cannot do what the call asks for.
func unfit(asked check, s State, flags command.Flag) Ruling {
	writes := flags&command.Write != 0
	switch {
	case asked&room != 0 && s&OverMemory != 0 && flags&(command.Write|command.DenyOOM) != 0:
		return MakeRoom
	case asked&room != 0 && s&Full != 0 && flags&command.DenyOOM != 0:
		return OutOfMemory
	case asked&broken != 0 && s&Unsaved != 0 && (writes || flags&command.Vital != 0):
		return SaveFailed
	case asked&broken != 0 && s&Broken != 0 && (writes || flags&command.Vital != 0):
		return Misconfigured
	case asked&replicas != 0 && s&FewReplicas != 0 && writes:
		return NoReplicas
	case asked&readOnly != 0 && s&ReadOnly != 0 && writes:
		return IsReadOnly
	}
	return Run
}

// unready finds why the call must not see the data now.
func unready(asked check, s State, flags command.Flag) Ruling {
	switch {
	case asked&stale != 0 && s&MasterDown != 0 && flags&command.Stale == 0:
		return IsStale
	case asked&loading != 0 && s&Loading != 0 && flags&command.Loading == 0:
		if asked&form == 0 {
			return Wait // its client waits anyway
		}
		return IsLoading
	case asked&loading != 0 && s&AsyncLoading != 0 && flags&command.NoAsyncLoading != 0:
		return IsLoadingAsync
	case asked&busy != 0 && s&Busy != 0 && flags&command.AllowBusy == 0:
		return IsBusy
	}
	return Run
}
