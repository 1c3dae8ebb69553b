package lua

func openCoroutine(st *State) {
	lib := st.Register("coroutine", map[string]GoFunc{
		"create": coCreate, "resume": coResume, "running": coRunningOf, "status": coStatus, "wrap": coWrap,
	})
	yield := NewFunction("yield", coYield)
	yield.direct = yieldCall
	lib.SetString(Intern("yield"), FunctionValue(yield))
}

// newCoroutine makes a coroutine of argument 0.
func newCoroutine(t *Thread) *Thread {
	f := t.Arg(0)
	if f.n != tagLua {
		t.ArgError(0, "Lua function expected")
	}
	co := t.st.newThread()
	co.Push(f)
	return co
}

func coCreate(t *Thread) int {
	t.Push(threadValue(newCoroutine(t)))
	return 1
}

func coWrap(t *Thread) int {
	co := newCoroutine(t)
	t.st.charge(96)
	f := NewFunction("wrap", wrapStep, threadValue(co))
	t.Push(FunctionValue(f))
	return 1
}

func wrapStep(t *Thread) int {
	co := t.Upvalue(0).thread()
	n, failure := resume(t, co, 0)
	if failure != nil {
		v := failure.Value
		if isText(v) {
			var buf [32]byte
			b, _ := toBytes(v, &buf)
			v = t.st.concat2(t.Where(1), string(b))
		}
		t.Throw(v)
	}
	return n
}

func checkThread(t *Thread, i int) *Thread {
	v := t.Arg(i)
	if v.n != tagThread {
		t.ArgError(i, "coroutine expected")
	}
	return v.thread()
}

func coResume(t *Thread) int {
	co := checkThread(t, 0)
	n, failure := resume(t, co, 1)
	if failure != nil {
		t.Push(False)
		t.Push(failure.Value)
		return 2
	}
	t.Push(Nil)
	copy(t.stack[t.top-n:t.top], t.stack[t.top-n-1:t.top-1])
	t.stack[t.top-n-1] = True
	return n + 1
}

func message(s string) *Error { return &Error{StringValue(Intern(s))} }

// resume runs co with the arguments from number skip on until it yields, returns or
// fails, and pushes what it gave.
func resume(t *Thread, co *Thread, skip int) (int, *Error) {
	st := t.st
	if co.status != coSuspended {
		return 0, message("cannot resume " + statusNames[co.status] + " coroutine")
	}
	if st.goCalls >= maxGoCalls {
		return 0, message("C stack overflow")
	}
	nargs := t.NArgs() - skip
	if !co.hasRoom(nargs) {
		t.Errorf("too many arguments to resume")
	}
	for i := range nargs {
		co.Push(t.Arg(skip + i))
	}
	st.tick()
	goCalls := st.goCalls
	st.goCalls++
	t.status, co.status = coNormal, coRunning
	st.current = co
	failure := co.protect(0, func() { proceed(co, nargs) })
	st.goCalls = goCalls
	st.current, t.status = t, coRunning
	if failure != nil {
		co.status = coDead
		clear(co.stack)
		co.top = 0
		return 0, failure
	}
	first := 0
	if co.status == coSuspended {
		first = co.base // what it yielded
	} else {
		co.status = coDead
	}
	n := co.top - first
	if !t.hasRoom(n) {
		t.Errorf("too many results to resume")
	}
	for i := range n {
		t.Push(co.stack[first+i])
	}
	co.top = first
	return n, nil
}

// proceed calls the coroutine's function, or gives its yield the nargs values on top of
// the stack as results.
func proceed(t *Thread, nargs int) {
	if !t.started {
		t.started = true
		t.enterLua(t.stack[0].closure(), 0, nargs, multi, true)
		t.execute()
		return
	}
	f := t.frames[len(t.frames)-1]
	t.frames = t.frames[:len(t.frames)-1]
	t.results(f.fn, t.top-nargs, nargs, f.nresults)
	if f.nresults != multi {
		t.top = t.frames[len(t.frames)-1].top
	}
	t.execute()
}

func coYield(t *Thread) int {
	if t.nested > 0 || t == t.st.main {
		t.runErrorf("attempt to yield across metamethod/C-call boundary")
	}
	t.status = coSuspended
	return 0
}

func coRunningOf(t *Thread) int {
	if t == t.st.main {
		t.Push(Nil)
	} else {
		t.Push(threadValue(t))
	}
	return 1
}

func coStatus(t *Thread) int {
	t.Push(StringValue(Intern(statusNames[checkThread(t, 0).status])))
	return 1
}
