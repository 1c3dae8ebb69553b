package lua

// rehash finds new sizes for both parts, such that the array part is more than half full,
// and moves everything. extra is the key that did not fit.
func (t *Table) rehash(extra Value) {
	var nums [maxBits + 1]int // nums[i]: keys k with 2^(i-1) < k <= 2^i
	inArray := t.countArray(&nums)
	total := inArray
	if !t.isDummy() {
		for i := len(t.nodes) - 1; i >= 0; i-- {
			n := &t.nodes[i]
			if n.val.n != tagNil {
				inArray += countKey(n.key, &nums)
				total++
			}
		}
	}
	inArray += countKey(extra, &nums)
	total++
	size, used := arraySize(&nums, inArray)
	t.prepare(size, total-used)
	t.resize(size, total-used)
}

func countKey(k Value, nums *[maxBits + 1]int) int {
	if i := arrayIndex(k); i > 0 {
		nums[ceilLog2(i)]++
		return 1
	}
	return 0
}

// arrayIndex returns k as a key that might be in an array part, or 0.
func arrayIndex(k Value) int {
	if k.n <= tagMax {
		return 0
	}
	f := k.float()
	if f >= 1 && f <= 1<<maxBits && f == float64(int(f)) {
		return int(f)
	}
	return 0
}

func (t *Table) countArray(nums *[maxBits + 1]int) int {
	total, i := 0, 1
	for lg, limit := 0, 1; lg <= maxBits; lg, limit = lg+1, limit*2 {
		end := limit
		if end > len(t.arr) {
			end = len(t.arr)
			if i > end {
				break
			}
		}
		n := 0
		for ; i <= end; i++ {
			if t.arr[i-1].n != tagNil {
				n++
			}
		}
		nums[lg] += n
		total += n
	}
	return total
}

// arraySize returns the largest power of two that more than half of the keys up to it
// exist for, and how many keys that are.
func arraySize(nums *[maxBits + 1]int, keys int) (size, used int) {
	below := 0
	for i, p := 0, 1; p/2 < keys && i <= maxBits; i, p = i+1, p*2 {
		if nums[i] > 0 {
			below += nums[i]
			if below > p/2 {
				size, used = p, below
			}
		}
		if below == keys {
			break
		}
	}
	return size, used
}

// smallPart is the room that a part gets which grows from nothing: it passes through the
// sizes 1, 2 and 4, as the order of fields wants it, in one block.
const smallPart = 4

// resize gives the table parts of these sizes and moves what it has into them. It
// counts the memory before it changes anything, since that may raise an error.
func (t *Table) resize(narr, nhash int) {
	oldArr, oldNodes, wasDummy := t.arr, t.nodes, t.isDummy()
	if narr > 1<<maxBits || nhash > 1<<maxBits {
		t.overflow()
	}
	size := 0
	if nhash > 0 {
		size = 1 << ceilLog2(nhash)
	}
	need := (max(narr, min(cap(oldArr), smallPart)) - cap(oldArr)) * valueSize
	reuse := !wasDummy && size > 0 && size <= cap(oldNodes) && cap(oldNodes) == smallPart
	if !reuse {
		need += size * nodeSize
		if !wasDummy {
			need -= cap(oldNodes) * nodeSize
		}
	}
	t.charge(need)
	var small [smallPart]node
	if reuse {
		oldNodes = small[:copy(small[:], oldNodes)]
		clear(t.nodes[:smallPart])
		t.nodes, t.logN, t.free = t.nodes[:size], uint8(ceilLog2(nhash)), int32(size)
	} else {
		t.setNodes(nhash)
	}
	t.moveArray(oldArr, narr)
	if wasDummy {
		return
	}
	for i := len(oldNodes) - 1; i >= 0; i-- {
		if n := &oldNodes[i]; n.val.n != tagNil {
			t.place(n.key, n.val)
		}
	}
}

// moveArray makes the array part narr long; what does not fit goes into the nodes.
func (t *Table) moveArray(old []Value, narr int) {
	switch {
	case narr == len(old):
	case narr > len(old) && narr <= cap(old):
		t.arr = old[:narr] // what is behind the end has never been used
	default:
		t.arr = t.newValues(narr, narr)
		copy(t.arr, old)
		for i := narr; i < len(old); i++ {
			if old[i].n != tagNil {
				t.place(Int(i+1), old[i])
			}
		}
	}
}

// prepare gives room to the parts that are about to grow from nothing.
func (t *Table) prepare(narr, nhash int) {
	if len(t.arr) == 0 && cap(t.arr) == 0 && narr > 0 && narr <= smallPart {
		t.charge(smallPart * valueSize)
		t.arr = t.newValues(0, smallPart)
	}
	if t.isDummy() && nhash > 0 && nhash <= smallPart {
		t.charge(smallPart * nodeSize)
		t.nodes = t.newNodes(smallPart)[:1]
		t.logN, t.free = 0, 1
	}
}

func (t *Table) place(k, v Value) {
	p := t.find(k)
	if p == nil {
		p = t.insert(k)
	}
	*p = v
}

// resizeArray makes the array part n elements long.
func (t *Table) resizeArray(n int) {
	nhash := len(t.nodes)
	if t.isDummy() {
		nhash = 0
	}
	t.resize(n, nhash)
}

// Len returns a border: an n such that t[n] is not nil and t[n+1] is nil, or 0. With
// holes it is the border that PUC Lua finds.
func (t *Table) Len() int {
	j := len(t.arr)
	if j > 0 && t.arr[j-1].n == tagNil {
		i := 0
		for j-i > 1 {
			m := (i + j) / 2
			if t.arr[m-1].n == tagNil {
				j = m
			} else {
				i = m
			}
		}
		return i
	}
	if t.isDummy() {
		return j
	}
	return t.searchBorder(j)
}

func (t *Table) searchBorder(j int) int {
	const limit = 1<<31 - 3 // PUC Lua's largest int, less two
	i := j
	j++
	for t.GetInt(j).n != tagNil {
		i = j
		j *= 2
		if j > limit {
			for i = 1; t.GetInt(i).n != tagNil; i++ {
			}
			return i - 1
		}
	}
	for j-i > 1 {
		m := (i + j) / 2
		if t.GetInt(m).n == tagNil {
			j = m
		} else {
			i = m
		}
	}
	return i
}

// Next returns the key and value after k in the table's order, the first ones for nil,
// and a nil key at the end. ok is false when k is no key of the table. The order stands
// as long as no new key is stored.
func (t *Table) Next(k Value) (key, val Value, ok bool) {
	i, ok := t.position(k)
	if !ok {
		return Nil, Nil, false
	}
	for ; i < len(t.arr); i++ {
		if t.arr[i].n != tagNil {
			return Int(i + 1), t.arr[i], true
		}
	}
	for i -= len(t.arr); i < len(t.nodes); i++ {
		if n := &t.nodes[i]; n.val.n != tagNil {
			return n.key, n.val, true
		}
	}
	return Nil, Nil, true
}

// position returns where the walk goes on after k.
func (t *Table) position(k Value) (int, bool) {
	if k.n == tagNil {
		return 0, true
	}
	if i := arrayIndex(k); i > 0 && i <= len(t.arr) {
		return i, true
	}
	if k.n > tagMax && k.float() != k.float() {
		return 0, false
	}
	i := t.main(k)
	for {
		n := &t.nodes[i]
		if n.key.n != tagNil && RawEqual(n.key, k) {
			return len(t.arr) + i + 1, true
		}
		if n.next == 0 {
			return 0, false
		}
		i += int(n.next)
	}
}

// Clear empties the table and keeps its memory.
func (t *Table) Clear() {
	clear(t.arr)
	if !t.isDummy() {
		clear(t.nodes)
		t.free = int32(len(t.nodes))
	}
	t.flags = 0
}

// Step returns the first field at or behind a place of the table's order, and the place
// behind it: a walk begins at 0 and ends with a nil key. The table may not be changed
// meanwhile.
func (t *Table) Step(at int) (key, val Value, next int) {
	for ; at < len(t.arr); at++ {
		if t.arr[at].n != tagNil {
			return Int(at + 1), t.arr[at], at + 1
		}
	}
	for i := at - len(t.arr); i < len(t.nodes); i++ {
		if n := &t.nodes[i]; n.val.n != tagNil {
			return n.key, n.val, len(t.arr) + i + 1
		}
	}
	return Nil, Nil, 0
}
