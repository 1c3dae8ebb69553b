package lua

func openTable(st *State) {
	st.Register("table", map[string]GoFunc{
		"concat": tableConcat, "foreach": tableForeach, "foreachi": tableForeachi, "getn": tableGetn, "insert": tableInsert,
		"maxn": tableMaxn, "remove": tableRemove, "setn": tableSetn, "sort": tableSort,
	})
}

func tableConcat(t *Thread) int {
	var sep []byte
	if t.Arg(1).n != tagNil {
		sep = t.CheckBytes(1)
	}
	tb := t.CheckTable(0)
	first := t.OptInt(2, 1)
	last := 0
	if t.Arg(3).n == tagNil {
		last = tb.Len()
	} else {
		last = t.CheckInt(3)
	}
	var num [32]byte
	size := 0
	for i := first; i <= last; i++ {
		b, ok := toBytes(tb.GetInt(i), &num)
		if !ok {
			t.Errorf("invalid value (%s) at index %d in table for 'concat'", tb.GetInt(i).Type(), i)
		}
		size += len(b)
		if i < last {
			size += len(sep)
		}
		if size > maxString {
			t.st.raise(errMemory)
		}
		t.st.tick()
	}
	t.st.spend(size)
	s, dst := t.st.newString(size)
	n := 0
	for i := first; i <= last; i++ {
		b, _ := toBytes(tb.GetInt(i), &num)
		n += copy(dst[n:], b)
		if i < last {
			n += copy(dst[n:], sep)
		}
	}
	t.Push(StringValue(s))
	return 1
}

func tableForeach(t *Thread) int {
	tb := t.CheckTable(0)
	f := t.CheckFunction(1)
	key := Nil
	for {
		k, v, ok := tb.Next(key)
		if !ok {
			t.runErrorf("invalid key to 'next'")
		}
		if k.n == tagNil {
			return 0
		}
		if r := t.call1(f, k, v); r.n != tagNil {
			t.Push(r)
			return 1
		}
		key = k
	}
}

func tableForeachi(t *Thread) int {
	tb := t.CheckTable(0)
	n := tb.Len()
	f := t.CheckFunction(1)
	for i := 1; i <= n; i++ {
		if r := t.call1(f, Int(i), tb.GetInt(i)); r.n != tagNil {
			t.Push(r)
			return 1
		}
	}
	return 0
}

func tableGetn(t *Thread) int {
	t.Push(Int(t.CheckTable(0).Len()))
	return 1
}

func tableSetn(t *Thread) int {
	t.CheckTable(0)
	t.Errorf("'setn' is obsolete")
	return 0
}

func tableMaxn(t *Thread) int {
	tb := t.CheckTable(0)
	most := 0.0
	for k, _, _ := tb.Next(Nil); k.n != tagNil; k, _, _ = tb.Next(k) {
		if k.n > tagMax && k.float() > most {
			most = k.float()
		}
		t.st.tick()
	}
	t.Push(Number(most))
	return 1
}

func tableInsert(t *Thread) int {
	tb := t.CheckTable(0)
	e := tb.Len() + 1
	pos := e
	v := t.Arg(1)
	switch t.NArgs() {
	case 2:
	case 3:
		pos = t.CheckInt(1)
		v = t.Arg(2)
		if pos > e {
			e = pos
		}
		t.st.spend((e - pos) * valueSize)
		for i := e; i > pos; i-- {
			t.setInt(tb, i, tb.GetInt(i-1))
			t.st.tickEvery(i)
		}
	default:
		t.Errorf("wrong number of arguments to 'insert'")
	}
	t.setInt(tb, pos, v)
	return 0
}

func tableRemove(t *Thread) int {
	tb := t.CheckTable(0)
	e := tb.Len()
	pos := t.OptInt(1, e)
	if pos < 1 || pos > e {
		return 0
	}
	v := tb.GetInt(pos)
	t.st.spend((e - pos) * valueSize)
	if tb.readonly {
		t.runErrorf("Attempt to modify a readonly table")
	}
	if e <= len(tb.arr) {
		copy(tb.arr[pos-1:e-1], tb.arr[pos:e])
	} else {
		for ; pos < e; pos++ {
			tb.SetInt(pos, tb.GetInt(pos+1))
			t.st.tickEvery(pos)
		}
	}
	tb.SetInt(e, Nil)
	t.Push(v)
	return 1
}

// sorter sorts a table in place, comparing the same elements in the same order as PUC Lua,
// which functions that are no order can see.
type sorter struct {
	t    *Thread
	tb   *Table
	less Value // nil: <
}

func tableSort(t *Thread) int {
	tb := t.CheckTable(0)
	n := tb.Len()
	s := sorter{t: t, tb: tb}
	if t.Arg(1).n != tagNil {
		s.less = t.CheckFunction(1)
	}
	t.SetTop(2)
	s.sort(1, n)
	return 0
}

func (s *sorter) before(a, b Value) bool {
	t := s.t
	if s.less.n == tagNil {
		t.st.tick()
		if a.n > tagMax && b.n > tagMax {
			return a.float() < b.float()
		}
		return t.lessThan(a, b)
	}
	fn := t.top
	t.ensure(3)
	t.stack[fn], t.stack[fn+1], t.stack[fn+2] = s.less, a, b
	t.top = fn + 3
	t.call(fn, 2, 1)
	t.top = fn
	return t.stack[fn].Truthy()
}

func (s *sorter) get(i int) Value { return s.tb.GetInt(i) }

func (s *sorter) swap(i, j int, vi, vj Value) {
	s.t.setInt(s.tb, i, vj)
	s.t.setInt(s.tb, j, vi)
}

func (s *sorter) sort(lo, up int) {
	for lo < up {
		if a, b := s.get(lo), s.get(up); s.before(b, a) {
			s.swap(lo, up, a, b)
		}
		if up-lo == 1 {
			return
		}
		mid := (lo + up) / 2
		if m, a := s.get(mid), s.get(lo); s.before(m, a) {
			s.swap(mid, lo, m, a)
		} else if b := s.get(up); s.before(b, m) {
			s.swap(mid, up, m, b)
		}
		if up-lo == 2 {
			return
		}
		i := s.partition(lo, up, mid)
		// Recurse into the smaller half.
		if i-lo < up-i {
			s.sort(lo, i-1)
			lo = i + 1
		} else {
			s.sort(i+1, up)
			up = i - 1
		}
	}
}

// partition moves what is less than the median of three, which is at mid, to the left and
// returns where the median then is.
func (s *sorter) partition(lo, up, mid int) int {
	pivot := s.get(mid)
	s.swap(mid, up-1, pivot, s.get(up-1))
	i, j := lo, up-1
	for {
		i++
		a := s.get(i)
		for s.before(a, pivot) {
			if i > up {
				s.invalid()
			}
			i++
			a = s.get(i)
		}
		j--
		b := s.get(j)
		for s.before(pivot, b) {
			if j < lo {
				s.invalid()
			}
			j--
			b = s.get(j)
		}
		if j < i {
			break
		}
		s.swap(i, j, a, b)
	}
	s.swap(up-1, i, s.get(up-1), s.get(i))
	return i
}

func (s *sorter) invalid() { s.t.Errorf("invalid order function for sorting") }
