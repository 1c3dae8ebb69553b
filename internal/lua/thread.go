package lua

// frame is one active call.
type frame struct {
	cl       *closure // nil: a Go function
	fn       int      // where the function is on the stack; results go there
	base     int      // its first register or argument
	top      int      // the end of its registers
	pc       int      // the next instruction, while it does not run
	nresults int      // how many results the caller wants, -1 for all
	tails    int32    // calls that it replaced as tail calls
	fresh    bool     // entered from Go: returning leaves execute
}

const (
	// window is the number of registers that an instruction can name. The stack always
	// reaches that far beyond the base of the running function, so that registers are an
	// array and not a slice whose bounds must be checked.
	window = 256
	// maxFrames and maxGoCalls are PUC Lua's LUAI_MAXCALLS and LUAI_MAXCCALLS. Handling an
	// error of either may take some more.
	maxFrames   = 20000
	extraFrames = 2000
	maxGoCalls  = 200
	extraCalls  = 25
	// maxPushed is PUC Lua's LUAI_MAXCSTACK: the values that a Go function may push.
	maxPushed = 8000
	multi     = -1
)

type status uint8

const (
	coSuspended status = iota
	coRunning
	coNormal
	coDead
)

var statusNames = [...]string{"suspended", "running", "normal", "dead"}

// Thread is a coroutine: a stack of values and one of calls. Every State has a main one.
type Thread struct {
	st      *State
	stack   []Value
	frames  []frame
	open    *upval // upvalues that point into the stack, the highest first
	base    int    // first argument of the running Go function
	top     int    // first free place of the stack
	handler Value  // of errors: xpcall's
	nested  int    // calls from Go within this coroutine: none of them can be yielded across
	status  status
	// started: the coroutine's function has been called.
	started bool
	id      uint32
	mark    uint8
}

func (st *State) newThread() *Thread {
	st.charge(threadSize)
	st.ids++
	t := &Thread{st: st, id: st.ids * 0x9E3779B1, stack: make([]Value, window+64), frames: make([]frame, 0, 8)}
	return t
}

const threadSize = (window+64)*16 + 8*72 + 200

// State returns the machine that the thread belongs to.
func (t *Thread) State() *State { return t.st }

// grow makes the stack at least n long and lets open upvalues follow.
func (t *Thread) grow(n int) {
	size := 2 * len(t.stack)
	if size < n {
		size = n
	}
	t.st.charge((size - len(t.stack)) * valueSize)
	s := make([]Value, size)
	copy(s, t.stack)
	t.stack = s
	for u := t.open; u != nil; u = u.next {
		u.v = &s[u.index]
	}
}

// ensure makes room for n more values above top.
func (t *Thread) ensure(n int) {
	if t.top+n+window > len(t.stack) {
		t.grow(t.top + n + window)
	}
}

func (t *Thread) regs(base int) *[window]Value { return (*[window]Value)(t.stack[base:]) }

// Push pushes a result.
func (t *Thread) Push(v Value) {
	if t.top == len(t.stack) {
		t.grow(t.top + 1)
	}
	t.stack[t.top] = v
	t.top++
}

// NArgs returns the number of arguments (and of what was pushed since).
func (t *Thread) NArgs() int { return t.top - t.base }

// Arg returns argument i, counted from 0, and nil where none was given.
func (t *Thread) Arg(i int) Value {
	if t.base+i < t.top {
		return t.stack[t.base+i]
	}
	return Nil
}

// Upvalue returns value i of those that NewFunction was given.
func (t *Thread) Upvalue(i int) Value { return t.stack[t.base-1].function().ups[i] }

// SetUpvalue changes value i of those that NewFunction was given.
func (t *Thread) SetUpvalue(i int, v Value) { t.stack[t.base-1].function().ups[i] = v }

// SetTop drops arguments beyond n, or adds nils.
func (t *Thread) SetTop(n int) {
	for t.top < t.base+n {
		t.Push(Nil)
	}
	t.top = t.base + n
}

// pushFrame makes the frame of a function that is entered, which the caller fills: to copy a frame that
// has just been made would wait for it to be written. It counts frames, not bytes: the stack may be as
// long as the frames make it.
func (t *Thread) pushFrame() *frame {
	n := len(t.frames)
	if n >= maxFrames {
		t.frameOverflow()
	}
	if n < cap(t.frames) {
		t.frames = t.frames[:n+1]
	} else {
		t.st.charge(n * 72)
		t.frames = append(t.frames, frame{})
	}
	return &t.frames[n]
}

func (t *Thread) frameOverflow() {
	if len(t.frames) == maxFrames && !t.st.overflowing {
		t.st.overflowing = true
		t.runErrorf("stack overflow")
	}
	if len(t.frames) >= maxFrames+extraFrames || !t.st.overflowing {
		t.st.raise(errInHandler)
	}
}

// enterLua makes a frame for the Lua function at fn, whose nargs arguments follow it.
func (t *Thread) enterLua(cl *closure, fn, nargs, nresults int, fresh bool) *frame {
	p := cl.proto
	base := fn + 1
	if p.isVararg {
		if need := base + nargs + window; need > len(t.stack) {
			t.grow(need)
		}
		base = t.shiftVarargs(p, base, nargs)
	}
	if need := base + window; need > len(t.stack) {
		t.grow(need)
	}
	for i := nargs; i < int(p.params); i++ {
		t.stack[base+i] = Nil
	}
	t.top = base + int(p.maxStack)
	f := t.pushFrame()
	f.cl, f.fn, f.base, f.top, f.pc, f.nresults, f.tails, f.fresh = cl, fn, base, t.top, 0, nresults, 0, fresh
	return f
}

// shiftVarargs moves the fixed parameters behind all arguments, where the frame begins.
func (t *Thread) shiftVarargs(p *Proto, first, nargs int) int {
	base := first + nargs
	fixed := int(p.params)
	for nargs < fixed {
		t.stack[first+nargs] = Nil
		nargs++
		base++
	}
	if base+window > len(t.stack) {
		t.grow(base + window)
	}
	copy(t.stack[base:base+fixed], t.stack[first:first+fixed])
	clear(t.stack[first : first+fixed])
	if p.hasArg {
		t.stack[base+fixed] = Nil
		if p.needsArg {
			extra := nargs - fixed
			arg := t.st.NewTable(extra, 1)
			for i := 0; i < extra; i++ {
				arg.SetInt(i+1, t.stack[first+fixed+i])
			}
			arg.SetString(nameN, Int(extra))
			t.stack[base+fixed] = TableValue(arg)
		}
	}
	return base
}

var nameN = Intern("n")

// callGo calls the Go function at fn. It returns false if the coroutine yielded.
func (t *Thread) callGo(f *Function, fn, nargs, nresults int) bool {
	t.base, t.top = fn+1, fn+1+nargs
	if t.top+window > len(t.stack) {
		t.grow(t.top + window)
	}
	fr := t.pushFrame()
	fr.cl, fr.fn, fr.base, fr.top, fr.pc, fr.nresults, fr.tails, fr.fresh = nil, fn, t.base, 0, 0, nresults, 0, false
	n := f.call(t)
	if f.direct == yieldCall {
		return false
	}
	t.frames = t.frames[:len(t.frames)-1]
	t.results(fn, t.top-n, n, nresults)
	return true
}

// results moves n values from first on to where the caller wants them, and leaves top behind
// them.
func (t *Thread) results(fn, first, n, want int) {
	if want == 1 && n > 0 {
		t.stack[fn] = t.stack[first]
		t.top = fn + 1
		return
	}
	if want == multi {
		want = n
	}
	if n > want {
		n = want
	}
	copy(t.stack[fn:fn+n], t.stack[first:first+n])
	for ; n < want; n++ {
		t.stack[fn+n] = Nil
	}
	t.top = fn + want
}

// call calls, from Go, the value at fn with the nargs values behind it. The results
// replace it, and top is behind them.
func (t *Thread) call(fn, nargs, nresults int) {
	st := t.st
	st.goCalls++
	if st.goCalls >= maxGoCalls {
		t.goOverflow()
	}
	base := t.base
	t.nested++
	st.tick()
again:
	switch v := t.stack[fn]; v.n {
	case tagLua:
		t.enterLua(v.closure(), fn, nargs, nresults, true)
		t.execute()
	case tagGo:
		t.callGo(v.function(), fn, nargs, nresults)
	default:
		nargs = t.callable(fn, nargs)
		goto again
	}
	t.nested--
	st.goCalls--
	t.base = base
}

func (t *Thread) goOverflow() {
	if t.st.goCalls == maxGoCalls {
		t.runErrorf("C stack overflow")
	}
	if t.st.goCalls >= maxGoCalls+extraCalls {
		t.st.raise(errInHandler)
	}
}

// callable puts the __call handler of the value at fn before it, as a function to call
// with one more argument.
func (t *Thread) callable(fn, nargs int) int {
	h := t.metaOf(t.stack[fn], evCall)
	if !h.IsFunction() {
		t.typeErrorAt(fn, "call")
	}
	end := fn + 1 + nargs
	if end+window > len(t.stack) {
		t.grow(end + window)
	}
	copy(t.stack[fn+1:end+1], t.stack[fn:end])
	t.stack[fn] = h
	return nargs + 1
}

// call1 calls f with arguments and returns its first result.
func (t *Thread) call1(f Value, args ...Value) Value {
	fn := t.top
	t.Push(f)
	for _, a := range args {
		t.Push(a)
	}
	t.call(fn, len(args), 1)
	t.top = fn
	return t.stack[fn]
}

// Call calls f with arguments and returns all results. It is for Go functions; they
// may run for long and raise errors.
func (t *Thread) Call(f Value, args ...Value) []Value {
	fn := t.top
	t.Push(f)
	for _, a := range args {
		t.Push(a)
	}
	t.call(fn, len(args), multi)
	out := append([]Value(nil), t.stack[fn:t.top]...)
	t.top = fn
	return out
}

// findUpval returns the upvalue of the stack's place i.
func (t *Thread) findUpval(i int) *upval {
	p := &t.open
	for *p != nil && (*p).index >= i {
		if (*p).index == i {
			return *p
		}
		p = &(*p).next
	}
	t.st.charge(upvalSize)
	u := &upval{v: &t.stack[i], index: i, next: *p}
	*p = u
	return u
}

const (
	upvalSize   = 48
	closureSize = 48
)

// closeUpvals gives all upvalues from the stack's place i on a place of their own.
func (t *Thread) closeUpvals(i int) {
	for u := t.open; u != nil && u.index >= i; u = t.open {
		t.open = u.next
		u.closed = *u.v
		u.v = &u.closed
		u.next = nil
	}
}

// newClosure makes a closure of a function that the running function contains.
func (t *Thread) newClosure(p *Proto, outer *closure, base int) *closure {
	st := t.st
	st.charge(closureSize + 8*len(p.upvals))
	st.ids++
	cl := allocClosure(len(p.upvals))
	cl.proto, cl.id = p, st.ids*0x9E3779B1
	for i, u := range p.upvals {
		if u.local {
			cl.ups[i] = t.findUpval(base + int(u.index))
		} else {
			cl.ups[i] = outer.ups[u.index]
		}
	}
	return cl
}

// allocClosure returns a closure with room for n upvalues; few of them lie in one block
// with it.
func allocClosure(n int) *closure {
	switch n {
	case 0:
		return &closure{}
	case 1:
		c := &struct {
			closure
			room [1]*upval
		}{}
		c.ups = c.room[:]
		return &c.closure
	case 2:
		c := &struct {
			closure
			room [2]*upval
		}{}
		c.ups = c.room[:]
		return &c.closure
	case 3:
		c := &struct {
			closure
			room [3]*upval
		}{}
		c.ups = c.room[:]
		return &c.closure
	}
	return &closure{ups: make([]*upval, n)}
}

// protect calls f and returns the error that it raised, or nil; upvalues from the stack's
// place level on are closed then. A script that is being stopped passes through.
func (t *Thread) protect(level int, f func()) (failure *Error) {
	st := t.st
	frames, goCalls, base, top, nested, handler := len(t.frames), st.goCalls, t.base, t.top, t.nested, t.handler
	defer func() {
		if st.stopping != nil {
			return // the panic, if there is one, goes on
		}
		r := recover()
		if r == nil {
			return
		}
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		failure = e
		t.closeUpvals(level)
		t.frames = t.frames[:frames]
		st.goCalls, t.base, t.top, t.nested, t.handler = goCalls, base, top, nested, handler
		st.overflowing = st.overflowing && frames >= maxFrames
		st.current = t
	}()
	f()
	return nil
}
