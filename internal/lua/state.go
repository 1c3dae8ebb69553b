package lua

import "errors"

// State is a machine with its globals, its account of memory and its budget. One goroutine
// at a time may use it. Prototypes are shared among States, values are not.
type State struct {
	globals    *Table
	stringMeta *Table
	main       *Thread
	current    *Thread // the running coroutine
	next       *Function
	goCalls    int // calls from Go to Lua or through Lua, in all coroutines
	ids        uint32
	cache      [cacheSize]*String
	random     *Random
	buf        []byte   // of library functions that call nothing
	scratch    *scratch // nil: what runs make may outlive them

	// The account: memory is what has been created since the last walk over what is still
	// reachable, and that; see charge.
	memory, limit int
	looked        int // what there was after the last walk of Release
	mark          uint8
	roots         []Value

	// The budget: steps until hook is called. stopping is the reason for which the script
	// is being left; nothing catches it.
	budget, interval int64
	hook             func() error
	handler          Value // of errors that nothing in the script catches
	stopping         error

	overflowing bool // an overflow of the calls is being handled
	running     bool // what Run calls has not returned
}

// Options are what a State is made with.
type Options struct {
	// MemoryBytes is the limit of what scripts may have at a time; 0: 256 MB.
	MemoryBytes int
	// Interval is the number of steps (turns of loops, calls, some bytes in string functions)
	// between two calls of Hook; 0: 100,000, which take a millisecond or so.
	Interval int
	// Hook is called by running scripts. An error stops the script: it cannot catch it, and
	// Run returns it.
	Hook func() error
	// Random is the generator of math.random, which States may share; nil: a new one.
	Random *Random
}

const (
	defaultMemory   = 256 << 20
	defaultInterval = 100_000
)

// NewState returns a machine with the libraries base, string, table, math, coroutine and
// os.clock.
func NewState(o Options) *State {
	st := &State{mark: 1, limit: o.MemoryBytes, interval: int64(o.Interval), hook: o.Hook}
	if st.limit == 0 {
		st.limit = defaultMemory
	}
	if st.interval == 0 {
		st.interval = defaultInterval
	}
	if st.random = o.Random; st.random == nil {
		st.random = NewRandom()
	}
	st.budget = st.interval
	st.main = st.newThread()
	st.main.status = coRunning
	st.current = st.main
	st.globals = st.NewTable(0, 64)
	openBase(st)
	openString(st)
	openTable(st)
	openMath(st)
	openCoroutine(st)
	return st
}

// Globals returns the table of global variables.
func (st *State) Globals() *Table { return st.globals }

// StringMeta returns the metatable of strings.
func (st *State) StringMeta() *Table { return st.stringMeta }

// Register makes a library: a table of functions in the global variable name, or more
// functions in the one that is there.
func (st *State) Register(name string, funcs map[string]GoFunc) *Table {
	t, ok := st.globals.GetString(Intern(name)).AsTable()
	if !ok {
		t = st.NewTable(0, len(funcs))
		st.globals.SetString(Intern(name), TableValue(t))
	}
	for _, n := range sortedNames(funcs) {
		t.SetString(Intern(n), FunctionValue(NewFunction(n, funcs[n])))
	}
	return t
}

// Load makes a function of a compiled chunk.
func (st *State) Load(p *Proto) Value {
	st.ids++
	return luaValue(&closure{proto: p, id: st.ids * 0x9E3779B1, ups: make([]*upval, len(p.upvals))})
}

// Keep protects a value that only Go knows from being left out of the account.
func (st *State) Keep(v Value) { st.roots = append(st.roots, v) }

// Kept is how many values are protected so.
func (st *State) Kept() int { return len(st.roots) }

// Unkeep gives up the protection of what was kept behind the first n values.
func (st *State) Unkeep(n int) {
	clear(st.roots[n:])
	st.roots = st.roots[:n]
}

// Position is where the running script is, for the hook: the source and the line of the innermost
// function that is written in Lua.
func (st *State) Position() (source string, line int) {
	for level := range st.current.frames {
		if source, line, ok := st.current.Location(level); ok && line >= 0 {
			return source, line
		}
	}
	return "", 0
}

// SetHandler makes f see errors that nothing in the script catches, where they are raised,
// and replace them: what it returns is the error that Run returns. Nil: nothing does. A lack
// of memory is not shown to it.
func (st *State) SetHandler(f Value) { st.handler = f }

// SetMemoryLimit replaces the limit of memory, in bytes.
func (st *State) SetMemoryLimit(n int) { st.limit = n }

// Transient says that nothing that is made from now on is kept after the next Release: globals,
// and what they lead to, are read-only, and the program takes copies of what it wants to have
// longer.
func (st *State) Transient() {
	st.scratch = &scratch{
		words:  make([]uint64, scratchWords),
		tables: make([]Table, scratchTables),
		values: make([]Value, scratchValues),
		nodes:  make([]node, scratchNodes),
	}
}

// Memory returns how many bytes the State's values take, of which some may be garbage.
func (st *State) Memory() int { return st.memory }

// tick counts a step.
func (st *State) tick() {
	st.budget--
	if st.budget < 0 {
		st.spent()
	}
}

// bytesPerStep is how many bytes of moving or comparing cost about as much as a step.
const bytesPerStep = 64

// spend counts the work of a function that moves or looks at n bytes.
func (st *State) spend(n int) {
	st.budget -= int64(n / bytesPerStep)
	if st.budget < 0 {
		st.spent()
	}
}

// Spend is spend for libraries of other packages.
func (st *State) Spend(n int) { st.spend(n) }

// spent calls the hook and leaves the script if that says so.
func (st *State) spent() {
	st.budget = st.interval
	if st.hook == nil {
		return
	}
	if err := st.hook(); err != nil {
		st.stopping = err
		panic(stopped{})
	}
}

// Stop leaves the running script with err, which it cannot catch. Run returns err. It does
// not return.
func (st *State) Stop(err error) {
	st.stopping = err
	panic(stopped{})
}

// stopped is the panic of a script that is being stopped.
type stopped struct{}

var errBusy = errors.New("lua: the State is running already")

// Run calls f with the arguments on a fresh stack and returns its results, which are valid
// until the next Run. The error is an *Error, or what the hook returned. It may not be
// called by what it runs.
func (st *State) Run(f Value, args ...Value) (results []Value, err error) {
	t := st.main
	if len(t.frames) != 0 {
		return nil, errBusy
	}
	st.Reset()
	st.running = true
	defer st.leave(&err)
	t.Push(f)
	for _, a := range args {
		t.Push(a)
	}
	t.call(0, len(args), multi)
	st.running = false
	return t.stack[:t.top], nil
}

// leave makes an error of what Run panicked with, and the State ready for the next Run.
func (st *State) leave(err *error) {
	if !st.running {
		return
	}
	st.running = false
	r := recover()
	switch e := r.(type) {
	case nil: // its goroutine ends
	case *Error:
		*err = e
	case stopped:
		*err = st.stopping
	default:
		st.unwind()
		panic(r)
	}
	st.unwind()
}

func (st *State) unwind() {
	t := st.main
	t.closeUpvals(0)
	t.frames = t.frames[:0]
	t.base, t.top, t.nested, t.handler = 0, 0, 0, st.handler
	t.status = coRunning
	st.current, st.goCalls, st.stopping, st.overflowing = t, 0, nil, false
}

// Reset makes the State ready for another script: it forgets the
// stack. What earlier scripts left in globals stays.
func (st *State) Reset() {
	st.unwind()
	if st.memory > st.limit/slack {
		clear(st.main.stack) // old registers must not keep, or count, what may be large
	}
	st.budget = st.interval
}

// Release ends a run whose results are not needed any more.
func (st *State) Release() {
	if st.memory > st.looked+lookAfter {
		st.main.top = 0
		st.memory = st.walk()
		st.looked = st.memory
	}
	if st.scratch != nil {
		st.scratch.reset()
	}
}

// lookAfter is how much may be made until what is left of it is found out, so that the account
// tells what there is.
const lookAfter = 16 << 20

// Rest drops what the stack still refers to after runs, for a State that will wait.
func (st *State) Rest() {
	if t := st.main; len(t.stack) > keptStack {
		st.memory -= (len(t.stack) - window - 64) * valueSize
		t.stack = make([]Value, window+64)
	} else {
		clear(t.stack)
	}
}

// keptStack is the length up to which a stack is kept for the next script.
const keptStack = 4096

// tickEvery counts a step now and then in a loop of small ones, whose number is i.
func (st *State) tickEvery(i int) {
	if i&15 == 0 {
		st.tick()
	}
}

func (st *State) keepBuf(b []byte) {
	if cap(b) <= maxKeptBuf {
		st.buf = b[:0]
	}
}

// raise leaves the running function with e.
func (st *State) raise(e *Error) { panic(e) }
