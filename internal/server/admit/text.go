package admit

import (
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/resp"
)

// previewBytes bounds each part of the preview in the error about an unknown command.
const previewBytes = 128

// barred is the error reply to a protected command, between its name and that of its option.
const (
	barred     = " command not allowed. If the "
	barredHint = " option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the " +
		"configuration file, and then restart the server."
)

// texts are the replies to refused calls that need nothing but the ruling.
var texts = [rulings]string{
	NoAuth:          command.ErrNoAuth,
	NotInMulti:      "ERR Command not allowed inside a transaction",
	NotScripted:     "ERR This Redis command is not allowed from script",
	DebugBarred:     "ERR DEBUG" + barred + "enable-debug-command" + barredHint,
	ModulesBarred:   "ERR MODULE" + barred + "enable-module-command" + barredHint,
	NotServed:       "CLUSTERDOWN Hash slot not served",
	CrossSlot:       "CROSSSLOT Keys in request don't hash to the same slot",
	IsDown:          "CLUSTERDOWN The cluster is down",
	IsDownForWrites: "CLUSTERDOWN The cluster is down and only accepts read commands",
	TryAgain:        "TRYAGAIN Multiple keys request during rehashing of slot",
	OutOfMemory:     command.ErrOOM,
	SaveFailed: "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify " +
		"the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails " +
		"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
	NoReplicas:     "NOREPLICAS Not enough good replicas to write.",
	IsReadOnly:     "READONLY You can't write against a read only replica.",
	IsStale:        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
	IsLoading:      "LOADING Redis is loading the dataset in memory",
	IsLoadingAsync: "LOADING Replica is async loading data set",
	IsBusy:         busyScript,
	IsMonitoring:   "ERR Replica can't interact with the keyspace",
}

const (
	busyScript   = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	busyFunction = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
)

// BusyText is the error reply while a script, or a function, is busy.
func BusyText(function bool) string {
	if function {
		return busyFunction
	}
	return busyScript
}

// Text is the error reply to a refused call; a Loader's is the reason alone, and that of
// CrossProtocol is empty. why is the reason of a failed AOF, or the redirection.
func (v Verdict) Text(c *Caller, call *command.Call, why string) string {
	spec := call.Spec
	if c.As == Script && v.Ruling.Elsewhere() {
		return v.strayed()
	}
	switch v.Ruling {
	case Moved, Ask:
		return why
	case UnknownCommand:
		switch c.As {
		case Script:
			return "ERR Unknown Redis command called from script"
		case Loader:
			return "unknown command '" + Preview(call.Args[0]) + "'"
		}
		return unknownCommand(call.Args)
	case UnknownSubcommand:
		switch c.As {
		case Script:
			return "ERR Unknown Redis command called from script"
		case Loader:
			return "unknown subcommand '" + Preview(call.Args[1]) + "' of '" + Preview(call.Args[0]) + "'"
		}
		return "ERR unknown subcommand '" + Preview(call.Args[1]) + "'. Try " + strings.ToUpper(spec.Name) + " HELP."
	case WrongArity:
		switch c.As {
		case Script:
			return "ERR Wrong number of args calling Redis command from script"
		case Loader:
			return "wrong number of arguments for '" + spec.FullName + "'"
		}
		return "ERR wrong number of arguments for '" + spec.FullName + "' command"
	case NotLoaded:
		return "'" + spec.FullName + "' is no command that changes data"
	case NotStreamed:
		return "ERR '" + spec.FullName + "' concerns the server, and is not done for a primary"
	case Denied:
		return v.denied(c, spec)
	case Misconfigured:
		return "MISCONF Errors writing to the AOF file: " + why
	case IsListening:
		return "ERR Can't execute '" + spec.FullName + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	}
	return texts[v.Ruling]
}

// strayed is Text for a call of a script whose keys are not here.
func (v Verdict) strayed() string {
	switch v.Ruling {
	case CrossSlot:
		return "ERR Script attempted to access keys that do not hash to the same slot"
	case IsDown:
		return "ERR Script attempted to execute a command while the cluster is down"
	case IsDownForWrites:
		return "ERR Script attempted to execute a write command while the cluster is down and readonly"
	}
	return "ERR Script attempted to access a non local key in a cluster node"
}

// denied is Text for what the caller's user may not do.
func (v Verdict) denied(c *Caller, spec *command.Spec) string {
	if c.As == Script {
		switch v.Denial.Denied {
		case acl.DeniedKey:
			return "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"
		case acl.DeniedChannel:
			return "ERR The user executing the script can't publish to the channel mentioned in the command"
		}
		return "ERR The user executing the script can't run this command or subcommand"
	}
	text := v.Denial.ReplyText(c.User, spec)
	if c.As == Transaction {
		return "NOPERM ACL rules changed between the moment the transaction was accumulated and the EXEC call. " + strings.TrimPrefix(text, "NOPERM ")
	}
	return text
}

// unknownCommand is the error text for a command that does not exist. Like Redis,
// which prints with C's %s, it shows arguments up to their first NUL.
func unknownCommand(args resp.Args) string {
	var b strings.Builder
	b.WriteString("ERR unknown command '")
	b.WriteString(Preview(args[0]))
	b.WriteString("', with args beginning with: ")
	for shown, i := 0, 1; i < len(args) && shown < previewBytes; i++ {
		p := command.CText(args[i], previewBytes-shown)
		b.WriteString("'" + p + "' ")
		shown += len(p) + len("'' ")
	}
	return b.String()
}

// Preview cuts an argument to what an error text shows of it.
func Preview(a []byte) string { return command.CText(a, previewBytes) }
