package lua

import "slices"

// Sight says which globals Calls looks for.
type Sight struct {
	Library   string   // the calls are of functions of this table
	Functions []string // of these names
	List      string   // elements of this table are told apart in their arguments
	Harmless  map[string]bool
}

// SeenCall is a call as far as the text of a chunk tells it.
type SeenCall []SeenArg

// SeenArg is one of its arguments: a string, or an element of the list, or neither.
type SeenArg struct {
	Text    string
	IsText  bool
	Element int // its index in the list, 0: it is none
}

// Calls returns all calls of the functions in question that the chunk may make; ok is false if
// that cannot be told: it has loops or functions of its own, uses globals that are not
// harmless, or does something else with the functions, their table or the list than to call them
// and to read from it.
func (p *Proto) Calls(s *Sight) (calls []SeenCall, ok bool) {
	if len(p.protos) > 0 {
		return nil, false
	}
	w := watcher{p: p, sight: s, later: map[int][]seen{}, now: make([]seen, window)}
	for pc := range p.code {
		w.arrive(pc)
		if w.now != nil && !w.step(pc) {
			return nil, false
		}
	}
	return w.calls, true
}

// seen is what is known of a register.
type seen struct {
	kind seenKind
	n    int // of seenText: the constant; of seenElement: the index
}

type seenKind uint8

const (
	seenOther seenKind = iota // a value like any other
	seenText
	seenElement
	seenLibrary // from here on: what may not be given away
	seenFunction
	seenList
	seenDoubt // it is one of those on one way, and not on the other
)

func (s seen) bound() bool { return s.kind >= seenLibrary }

// watcher goes through a chunk whose jumps all lead forward, once, with what is known of its
// registers at each instruction.
type watcher struct {
	p     *Proto
	sight *Sight
	now   []seen         // nil: the next instruction is not reached from this one
	later map[int][]seen // what jumps have brought to instructions that follow
	calls []SeenCall
}

// arrive joins what is known with what jumps to pc bring.
func (w *watcher) arrive(pc int) {
	brought := w.later[pc]
	if brought == nil {
		return
	}
	delete(w.later, pc)
	if w.now == nil {
		w.now = brought
		return
	}
	join(w.now, brought)
}

func join(into, from []seen) {
	for i, s := range from {
		switch {
		case into[i] == s:
		case into[i].bound() || s.bound():
			into[i] = seen{kind: seenDoubt}
		default:
			into[i] = seen{}
		}
	}
}

// jump notes that pc may be next.
func (w *watcher) jump(pc int) {
	if to := w.later[pc]; to != nil {
		join(to, w.now)
		return
	}
	w.later[pc] = slices.Clone(w.now)
}

// free tells whether nothing in these registers is bound.
func (w *watcher) free(regs ...uint8) bool {
	return !slices.ContainsFunc(regs, func(r uint8) bool { return w.now[r].bound() })
}

// freeFrom tells so of all registers from one on, n of them; n < 0: all.
func (w *watcher) freeFrom(first, n int) bool {
	end := window
	if n >= 0 {
		end = min(first+n, window)
	}
	return !slices.ContainsFunc(w.now[first:end], seen.bound)
}

// step follows one instruction; false: it does what cannot be told.
func (w *watcher) step(pc int) bool {
	i := w.p.code[pc]
	a, b, c, next := i.a(), i.b(), i.c(), pc+1
	var s seen
	switch i.op() {
	case opMove:
		s = w.now[b]
	case opLoadK:
		if w.p.k[i.d()].n == tagString {
			s = seen{seenText, i.d()}
		}
	case opLoadBool:
		if c != 0 {
			w.now[a] = seen{}
			w.jump(next + 1)
			w.now = nil
			return true
		}
	case opLoadNil:
		clear(w.now[a : int(b)+1])
	case opGetGlobal:
		var ok bool
		if s, ok = w.global(w.p.keyName(i.d())); !ok {
			return false
		}
	case opGetField:
		switch w.now[b].kind {
		case seenLibrary:
			if slices.Contains(w.sight.Functions, w.p.keyName(i.d())) {
				s = seen{kind: seenFunction}
			}
		case seenFunction, seenDoubt:
			return false
		}
	case opGetConst:
		switch w.now[b].kind {
		case seenList:
			if n := arrayIndex(w.p.k[i.d()]); n > 0 {
				s = seen{seenElement, n}
			}
		case seenLibrary, seenFunction, seenDoubt:
			return false
		}
	case opNewTable:
	case opVararg: // what is above has no meaning any more
		clear(w.now[a:])
	case opLen:
		if w.now[b].bound() && w.now[b].kind != seenList {
			return false
		}
	default:
		operates, ok := w.operates(i)
		if !operates {
			return w.leads(i, next)
		}
		if !ok {
			return false
		}
	}
	w.now[a] = s
	return true
}

// operates tells whether an instruction makes a value of others, and whether it may.
func (w *watcher) operates(i instr) (operates, ok bool) {
	b, c := i.b(), i.c()
	switch i.op() {
	case opNot, opUnm, opAddK, opSubK, opMulK, opDivK, opModK, opPowK:
		return true, w.free(b)
	case opKAdd, opKSub, opKMul, opKDiv, opKMod, opKPow:
		return true, w.free(c)
	case opAdd, opSub, opMul, opDiv, opMod, opPow, opGetTable:
		return true, w.free(b, c)
	case opConcat:
		return true, w.freeFrom(int(b), int(c)-int(b)+1)
	}
	return false, false
}

// leads follows an instruction that is no assignment to a register.
func (w *watcher) leads(i instr, next int) bool {
	a, b, c := i.a(), i.b(), i.c()
	switch i.op() {
	case opJmp:
		return w.branch(next+i.d(), next, true)
	case opEq, opLt, opLe:
		return w.free(a, b) && w.branch(next+i.d(), next, false)
	case opEqK, opLtK, opLeK, opTest:
		return w.free(a) && w.branch(next+i.d(), next, false)
	case opKLt, opKLe:
		return w.free(b) && w.branch(next+i.d(), next, false)
	case opTestSet:
		return w.free(a, b) && w.branch(next+i.d(), next, false)
	case opSetTable:
		return w.free(a, b, c)
	case opSetTableK:
		return w.free(a, b)
	case opSetField, opSetConst:
		return w.free(a, c)
	case opSetFieldK, opSetConstK:
		return w.free(a)
	case opSetList:
		return w.freeFrom(int(a), lengthOf(b)+1)
	case opCall, opTailCall:
		return w.call(i)
	case opReturn, opReturn0, opReturn1:
		ok := w.freeFrom(int(a), int(b)-1)
		w.now = nil
		return ok
	}
	return false
}

// lengthOf is how many registers a list takes whose length may be open, which it is told as 0.
func lengthOf(b uint8) int {
	if b == 0 {
		return window
	}
	return int(b)
}

// branch follows a jump to a place; only says that nothing else can be next.
func (w *watcher) branch(to, next int, only bool) bool {
	if to < next {
		return false
	}
	w.jump(to)
	if only {
		w.now = nil
	}
	return true
}

func (w *watcher) global(name string) (s seen, ok bool) {
	switch name {
	case w.sight.Library:
		return seen{kind: seenLibrary}, true
	case w.sight.List:
		return seen{kind: seenList}, true
	}
	return seen{}, w.sight.Harmless[name]
}

// call follows a call, which leaves nothing above its function as it was.
func (w *watcher) call(i instr) bool {
	fn, args := int(i.a()), int(i.b())-1
	isSeen := w.now[fn].kind == seenFunction
	if !isSeen && w.now[fn].bound() || !w.freeFrom(fn+1, args) {
		return false
	}
	if isSeen {
		if args < 0 {
			return false
		}
		call := make(SeenCall, args)
		for j := range call {
			switch s := w.now[fn+1+j]; s.kind {
			case seenText:
				call[j] = SeenArg{Text: w.p.k[s.n].str().String(), IsText: true}
			case seenElement:
				call[j] = SeenArg{Element: s.n}
			}
		}
		w.calls = append(w.calls, call)
	}
	clear(w.now[fn:])
	return true
}
