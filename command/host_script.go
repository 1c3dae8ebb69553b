package command

// ScriptsHost is the scripts and the functions. Methods that say so are for commands flagged
// Script: they hold all gates.
type ScriptsHost interface {
	// Eval runs the script that the call names by its text or its SHA-1, as its Spec says, and replies
	// what it returns. The call's arguments from the third on are so many keys, and what follows
	// them is for the script as well. The locks that it needs are held.
	Eval(c *Ctx, keys int)
	// Call does the same with a function. All gates are held.
	Call(c *Ctx, keys int)
	HasFunction(name []byte) bool

	Load(text []byte) (sha, errText string) // SCRIPT LOAD
	Has(sha []byte) bool                    // SCRIPT EXISTS
	Flush()                                 // SCRIPT FLUSH. All gates are held
	// Kill ends the running script, or function.
	Kill(function bool) (errText string)

	// The following change or read the libraries; those that change them hold all gates.
	LoadLibrary(text []byte, replace bool) (name, errText string)
	DeleteLibrary(name []byte) bool // false: there is none
	FlushLibraries()
	Libraries() []Library // by name
	Restore(texts [][]byte, policy RestorePolicy) (errText string)
	Running() (f RunningScript, ok bool) // FUNCTION STATS
	Stats() ScriptStats
}

// Library is a library of functions.
type Library struct {
	Name, Text string
	Functions  []LibraryFunction
}

// LibraryFunction is a function of a library.
type LibraryFunction struct {
	Name, Description string
	Described         bool // it has a description
	Flags             []string
}

// RestorePolicy says what FUNCTION RESTORE does with the libraries that are there.
type RestorePolicy uint8

const (
	RestoreAppend  RestorePolicy = iota // keep them; one of the same name is an error
	RestoreReplace                      // replace those of the same names
	RestoreFlush                        // remove them
)

// RunningScript is a function that runs.
type RunningScript struct {
	Name    string
	Command []string
	Millis  int64
}

// ScriptStats are numbers about scripts and functions.
type ScriptStats struct {
	Scripts, ScriptBytes, Evicted      int64 // cached scripts
	Functions, Libraries, LibraryBytes int64
	EvalVMBytes, FunctionVMBytes       int64 // what their machines keep
}
