package lua

// charge counts n bytes of memory that a script is about to use. When more than the limit
// has been counted, a walk finds out how much of it is still reachable; is that little
// less than the limit or more, the error "not enough memory" is raised, as PUC Lua raises
// it. Scripts may catch it: what made it necessary is garbage by then.
func (st *State) charge(n int) {
	st.memory += n
	if st.memory > st.limit {
		st.measure(n)
	}
}

// Charge is charge for libraries of other packages.
func (st *State) Charge(n int) { st.charge(n) }

// Growing charges n more bytes for a buffer that has become size bytes long and that only
// Go refers to: walks do not see it, so it is bounded by the limit on its own.
func (st *State) Growing(size, n int) {
	if size > st.limit {
		st.raise(errMemory)
	}
	st.charge(n)
	st.spend(n)
}

// slack is the part of the limit that a walk must have freed, so that walks stay rare.
const slack = 8

func (st *State) measure(n int) {
	if n < st.limit {
		st.memory = st.walk() + n
	}
	if st.memory > st.limit-st.limit/slack {
		st.memory -= n // it will not be allocated
		st.raise(errMemory)
	}
}

// walk returns the memory of all values that can be reached. Tables, closures and threads
// are marked by the number of the walk; strings may be counted twice.
func (st *State) walk() int {
	st.mark = 3 - st.mark // 1 and 2 in turn; what was made since has 0
	w := walker{mark: st.mark, scratch: st.scratch}
	w.table(st.globals)
	w.table(st.stringMeta)
	w.thread(st.main)
	if st.current != st.main {
		w.thread(st.current)
	}
	w.value(st.handler)
	for _, v := range st.roots {
		w.value(v)
	}
	for len(w.todo) > 0 {
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.scan(v)
	}
	return w.size
}

type walker struct {
	mark    uint8
	size    int
	todo    []Value
	scratch *scratch
}

// value counts v, or notes it for later if it refers to others.
func (w *walker) value(v Value) {
	switch v.n {
	case tagString:
		if !w.scratch.has(v.str()) { // or what an old register points to is no string any more
			w.size += stringSize(v.str().Len())
		}
	case tagTable:
		w.table(v.table())
	case tagLua:
		if c := v.closure(); c.mark != w.mark {
			c.mark = w.mark
			w.todo = append(w.todo, v)
		}
	case tagGo:
		if f := v.function(); len(f.ups) > 0 && f.mark != w.mark {
			f.mark = w.mark
			w.todo = append(w.todo, v)
		}
	case tagThread:
		w.thread(v.thread())
	}
}

func (w *walker) table(t *Table) {
	if t != nil && t.mark != w.mark && t.nodes != nil { // nil: it was an earlier run's
		t.mark = w.mark
		w.todo = append(w.todo, TableValue(t))
	}
}

func (w *walker) thread(t *Thread) {
	if t.mark != w.mark {
		t.mark = w.mark
		w.todo = append(w.todo, threadValue(t))
	}
}

func (w *walker) scan(v Value) {
	switch v.n {
	case tagTable:
		t := v.table()
		w.size += tableSize + cap(t.arr)*valueSize
		w.table(t.meta)
		for _, e := range t.arr {
			w.value(e)
		}
		if !t.isDummy() {
			w.size += cap(t.nodes) * nodeSize
			for i := range t.nodes {
				w.value(t.nodes[i].key)
				w.value(t.nodes[i].val)
			}
		}
	case tagLua:
		c := v.closure()
		w.size += closureSize + 8*len(c.ups)
		for _, u := range c.ups {
			if u != nil {
				w.size += upvalSize
				w.value(*u.v)
			}
		}
	case tagGo:
		for _, u := range v.function().ups {
			w.value(u)
		}
	case tagThread:
		t := v.thread()
		w.size += threadSize + (len(t.stack)-window-64)*valueSize + cap(t.frames)*72
		for _, e := range t.stack[:t.top] {
			w.value(e)
		}
	}
}
