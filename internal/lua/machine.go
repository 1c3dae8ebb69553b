package lua

import (
	"math"
	"unsafe"
)

// execute runs the Lua function on top of the frames until the frame that was entered
// from Go returns, or the coroutine yields. It is one function, beyond the usual length:
// an instruction must not cost a call, and what the instructions share must be in
// registers of the processor.
//
// regs points into the stack, which any call of another method may move: after each such
// call it is made anew, before anything is stored. ci.pc is stored before anything that may
// raise an error, which needs the line, or enter another function.
func (t *Thread) execute() {
	st := t.st
newFrame:
	ci := &t.frames[len(t.frames)-1]
	cl := ci.cl
	k, code := cl.proto.k, cl.proto.code
	base, pc := ci.base, ci.pc
	regs := t.regs(base)
	for {
		i := code[pc]
		pc++
		switch i.op() {
		case opMove:
			regs[i.a()] = regs[i.b()]
		case opLoadK:
			regs[i.a()] = k[i.d()]
		case opLoadBool:
			regs[i.a()].n = tagFalse + uint64(i.b())
			if i.c() != 0 {
				pc++
			}
		case opLoadNil:
			for a, b := int(i.a()), int(i.b()); a <= b; a++ {
				regs[uint8(a)] = Nil
			}
		case opGetUpval:
			regs[i.a()] = *cl.ups[i.b()].v
		case opSetUpval:
			*cl.ups[i.b()].v = regs[i.a()]
		case opGetGlobal:
			g, s := st.globals, k[i.d()].str()
			n := &g.nodes[int(s.hash)&(len(g.nodes)-1)]
			v := n.val
			if n.key.p != unsafe.Pointer(s) {
				v = g.getStr(s)
			}
			if v.n == tagNil {
				ci.pc = pc
				v = t.index(TableValue(g), k[i.d()], noReg)
				regs = t.regs(base)
			}
			regs[i.a()] = v
		case opSetGlobal:
			ci.pc = pc
			t.setIndex(TableValue(st.globals), k[i.d()], regs[i.a()], noReg)
			regs = t.regs(base)
		case opGetTable:
			o, key := regs[i.b()], regs[i.c()]
			var v Value
			if o.n == tagTable {
				tb := o.table()
				if key.n > tagMax {
					f := key.float()
					if j := int(f); uint(j-1) < uint(len(tb.arr)) && float64(j) == f {
						v = tb.arr[j-1]
					} else {
						v = tb.Get(key)
					}
				} else if key.n == tagString {
					v = tb.getStr(key.str())
				} else {
					v = tb.Get(key)
				}
				if v.n != tagNil || tb.meta == nil {
					regs[i.a()] = v
					continue
				}
			}
			ci.pc = pc
			v = t.index(o, key, int(i.b()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opGetField:
			o := regs[i.b()]
			if o.n == tagTable {
				tb, s := o.table(), k[i.d()].str()
				n := &tb.nodes[int(s.hash)&(len(tb.nodes)-1)]
				v := n.val
				if n.key.p != unsafe.Pointer(s) {
					v = tb.getStr(s)
				}
				if v.n != tagNil || tb.meta == nil {
					regs[i.a()] = v
					continue
				}
			}
			ci.pc = pc
			v := t.index(o, k[i.d()], int(i.b()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opGetConst:
			o, key := regs[i.b()], k[i.d()]
			if o.n == tagTable {
				if v := o.table().Get(key); v.n != tagNil || o.table().meta == nil {
					regs[i.a()] = v
					continue
				}
			}
			ci.pc = pc
			v := t.index(o, key, int(i.b()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opSetTable, opSetTableK:
			o, key := regs[i.a()], regs[i.b()]
			v := regs[i.c()]
			if i.op() == opSetTableK {
				v = k[i.d()]
			}
			if o.n == tagTable && !o.table().readonly {
				tb := o.table()
				if key.n > tagMax {
					f := key.float()
					if j := int(f); uint(j-1) < uint(len(tb.arr)) && float64(j) == f {
						if p := &tb.arr[j-1]; p.n != tagNil || tb.meta == nil {
							*p = v.clean()
							continue
						}
					}
				} else if key.n == tagString {
					if p := tb.findStr(key.str()); p != nil && p.n != tagNil {
						*p = v.clean()
						continue
					}
				}
			}
			ci.pc = pc
			t.setIndex(o, key, v, int(i.a()))
			regs = t.regs(base)
		case opSetField, opSetFieldK:
			o := regs[i.a()]
			v := regs[i.c()]
			if i.op() == opSetFieldK {
				v = k[i.bc()]
			}
			if o.n == tagTable && !o.table().readonly {
				tb, s := o.table(), k[i.d()].str()
				n := &tb.nodes[int(s.hash)&(len(tb.nodes)-1)]
				p := &n.val
				if n.key.p != unsafe.Pointer(s) {
					p = tb.findStr(s)
				}
				if p != nil && p.n != tagNil {
					*p = v.clean()
					continue
				}
			}
			ci.pc = pc
			t.setIndex(o, k[i.d()], v, int(i.a()))
			regs = t.regs(base)
		case opSetConst:
			ci.pc = pc
			t.setIndex(regs[i.a()], k[i.d()], regs[i.c()], int(i.a()))
			regs = t.regs(base)
		case opSetConstK:
			ci.pc = pc
			t.setIndex(regs[i.a()], k[i.d()], k[i.bc()], int(i.a()))
			regs = t.regs(base)
		case opNewTable:
			tb := st.NewTable(fromFloatByte(int(i.b())), fromFloatByte(int(i.c())))
			regs[i.a()] = TableValue(tb)
		case opSelf, opSelfR:
			o, key := regs[i.b()], regs[i.c()]
			if i.op() == opSelf {
				key = k[i.d()]
			}
			regs[i.a()+1] = o
			if o.n == tagTable {
				if v := o.table().getStr(key.str()); v.n != tagNil {
					regs[i.a()] = v
					continue
				}
			}
			ci.pc = pc
			v := t.index(o, key, int(i.b()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opAdd:
			b, c := &regs[i.b()], &regs[i.c()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() + c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evAdd, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opSub:
			b, c := &regs[i.b()], &regs[i.c()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() - c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evSub, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opMul:
			b, c := &regs[i.b()], &regs[i.c()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() * c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evMul, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opDiv:
			b, c := &regs[i.b()], &regs[i.c()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() / c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evDiv, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opMod:
			b, c := &regs[i.b()], &regs[i.c()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(mod(b.float(), c.float()))
				continue
			}
			ci.pc = pc
			v := t.arith(evMod, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opPow:
			ci.pc = pc
			v := t.arith(evPow, regs[i.b()], regs[i.c()])
			regs = t.regs(base)
			regs[i.a()] = v
		case opAddK:
			b, c := &regs[i.b()], &k[i.d()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() + c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evAdd, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opSubK:
			b, c := &regs[i.b()], &k[i.d()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() - c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evSub, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opMulK:
			b, c := &regs[i.b()], &k[i.d()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() * c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evMul, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opDivK:
			b, c := &regs[i.b()], &k[i.d()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(b.float() / c.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evDiv, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opModK:
			b, c := &regs[i.b()], &k[i.d()]
			if b.n > tagMax && c.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(mod(b.float(), c.float()))
				continue
			}
			ci.pc = pc
			v := t.arith(evMod, *b, *c)
			regs = t.regs(base)
			regs[i.a()] = v
		case opPowK:
			ci.pc = pc
			v := t.arith(evPow, regs[i.b()], k[i.d()])
			regs = t.regs(base)
			regs[i.a()] = v
		case opKAdd, opKSub, opKMul, opKDiv, opKMod, opKPow:
			ci.pc = pc
			v := t.arith(evAdd+event(i.op()-opKAdd), k[i.d()], regs[i.c()])
			regs = t.regs(base)
			regs[i.a()] = v
		case opUnm:
			b := &regs[i.b()]
			if b.n > tagMax {
				regs[i.a()].n = ^math.Float64bits(-b.float())
				continue
			}
			ci.pc = pc
			v := t.arith(evUnm, *b, *b)
			regs = t.regs(base)
			regs[i.a()] = v
		case opNot:
			v := tagFalse
			if regs[i.b()].falsy() {
				v = tagTrue
			}
			regs[i.a()].n = v
		case opLen:
			o := regs[i.b()]
			if o.n == tagTable {
				regs[i.a()] = Int(o.table().Len())
				continue
			}
			ci.pc = pc
			v := t.length(o, int(i.b()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opConcat:
			ci.pc = pc
			v := t.concat(base+int(i.b()), base+int(i.c()))
			regs = t.regs(base)
			regs[i.a()] = v
		case opJmp:
			d := i.d()
			pc += d
			if d < 0 {
				st.budget--
				if st.budget < 0 {
					ci.pc = pc
					st.spent()
				}
			}
		case opEq:
			a, b := regs[i.a()], regs[i.b()]
			same := false
			if a.n > tagMax && b.n > tagMax {
				same = a.float() == b.float()
			} else if a.n == tagTable && b.n == tagTable && a.p != b.p {
				ci.pc = pc
				same = t.equal(a, b)
				regs = t.regs(base)
			} else {
				same = RawEqual(a, b)
			}
			if same == (i.c() != 0) {
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opEqK:
			a, b := regs[i.a()], k[i.b()]
			if (a.n == b.n && a.n <= tagMax && (a.p == b.p || a.n <= tagTrue) || RawEqual(a, b)) == (i.c() != 0) {
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opLt, opLtK, opKLt:
			a, b := &regs[i.a()], &regs[i.b()]
			if i.op() == opLtK {
				b = &k[i.b()]
			} else if i.op() == opKLt {
				a = &k[i.a()]
			}
			var less bool
			if a.n > tagMax && b.n > tagMax {
				less = a.float() < b.float()
			} else {
				ci.pc = pc
				less = t.lessThan(*a, *b)
				regs = t.regs(base)
			}
			if less == (i.c() != 0) {
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opLe, opLeK, opKLe:
			a, b := &regs[i.a()], &regs[i.b()]
			if i.op() == opLeK {
				b = &k[i.b()]
			} else if i.op() == opKLe {
				a = &k[i.a()]
			}
			var less bool
			if a.n > tagMax && b.n > tagMax {
				less = a.float() <= b.float()
			} else {
				ci.pc = pc
				less = t.lessEqual(*a, *b)
				regs = t.regs(base)
			}
			if less == (i.c() != 0) {
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opTest:
			if regs[i.a()].falsy() == (i.c() == 0) {
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opTestSet:
			if b := regs[i.b()]; b.falsy() == (i.c() == 0) {
				regs[i.a()] = b
				pc += i.d()
				if i.d() < 0 {
					goto backEdge
				}
			}
		case opCall:
			a := int(i.a())
			fn := base + a
			nargs := int(i.b()) - 1
			if nargs < 0 {
				nargs = t.top - fn - 1
			}
			ci.pc = pc
			st.budget--
			if st.budget < 0 {
				st.spent()
			}
		call:
			fv := &t.stack[fn]
			if fv.n == tagLua {
				c := fv.closure()
				p := c.proto
				nb := fn + 1
				if p.isVararg || nb+window > len(t.stack) || len(t.frames) == cap(t.frames) || len(t.frames) >= maxFrames {
					t.enterLua(c, fn, nargs, int(i.c())-1, false)
					goto newFrame
				}
				for ; nargs < int(p.params); nargs++ {
					t.stack[nb+nargs] = Nil
				}
				t.frames = t.frames[:len(t.frames)+1]
				ci = &t.frames[len(t.frames)-1]
				t.top = nb + int(p.maxStack)
				ci.cl, ci.fn, ci.base, ci.top, ci.pc, ci.nresults, ci.tails, ci.fresh = c, fn, nb, t.top, 0, int(i.c())-1, 0, false
				cl, base, pc = c, nb, 0
				k, code = p.k, p.code
				regs = t.regs(base)
				continue
			}
			if fv.n != tagGo {
				nargs = t.callable(fn, nargs)
				goto call
			}
			if !t.callGo(fv.function(), fn, nargs, int(i.c())-1) {
				return
			}
			ci = &t.frames[len(t.frames)-1]
			if i.c() != 0 {
				t.top = ci.top
			}
			regs = t.regs(base)
		case opTailCall:
			fn := base + int(i.a())
			nargs := int(i.b()) - 1
			if nargs < 0 {
				nargs = t.top - fn - 1
			}
			ci.pc = pc
			st.budget--
			if st.budget < 0 {
				st.spent()
			}
			for t.stack[fn].n != tagLua && t.stack[fn].n != tagGo {
				nargs = t.callable(fn, nargs)
			}
			if t.stack[fn].n == tagLua {
				t.closeUpvals(base)
				copy(t.stack[ci.fn:ci.fn+nargs+1], t.stack[fn:fn+nargs+1])
				old := *ci
				t.frames = t.frames[:len(t.frames)-1]
				f := t.enterLua(t.stack[old.fn].closure(), old.fn, nargs, old.nresults, old.fresh)
				f.tails = old.tails + 1
				goto newFrame
			}
			if !t.callGo(t.stack[fn].function(), fn, nargs, multi) {
				return
			}
			ci = &t.frames[len(t.frames)-1]
			regs = t.regs(base)
		case opReturn0, opReturn1:
			if t.open != nil {
				t.closeUpvals(base)
			}
			fn, want, fresh := ci.fn, ci.nresults, ci.fresh
			n := int(i.b()) - 1
			if want == n || want == multi {
				if n == 1 {
					t.stack[fn] = regs[i.a()]
				}
				t.top = fn + n
			} else {
				t.results(fn, base+int(i.a()), n, want)
			}
			t.frames = t.frames[:len(t.frames)-1]
			if fresh {
				return
			}
			ci = &t.frames[len(t.frames)-1]
			if want != multi {
				t.top = ci.top
			}
			cl, base, pc = ci.cl, ci.base, ci.pc
			k, code = cl.proto.k, cl.proto.code
			regs = t.regs(base)
		case opReturn:
			first := base + int(i.a())
			n := int(i.b()) - 1
			if n < 0 {
				n = t.top - first
			}
			if t.open != nil {
				t.closeUpvals(base)
			}
			want, fresh := ci.nresults, ci.fresh
			t.results(ci.fn, first, n, want)
			t.frames = t.frames[:len(t.frames)-1]
			if fresh {
				return
			}
			if want != multi {
				t.top = t.frames[len(t.frames)-1].top
			}
			goto newFrame
		case opForLoop:
			step := regs[i.a()+2].float()
			idx := regs[i.a()].float() + step
			limit := regs[i.a()+1].float()
			if step > 0 && idx <= limit || step <= 0 && limit <= idx {
				v := ^math.Float64bits(idx)
				regs[i.a()].n = v
				regs[i.a()+3].n = v
				pc += i.d()
				goto backEdge
			}
		case opForPrep:
			ci.pc = pc
			t.prepareFor(regs, i.a())
			pc += i.d()
		case opTForLoop:
			a := int(i.a())
			ci.pc = pc
			if !t.iterate(base+a, int(i.c())) {
				regs = t.regs(base)
				continue
			}
			regs = t.regs(base)
			pc += i.d()
			goto backEdge
		case opSetList:
			ci.pc = pc
			t.setList(base, i)
			t.top = ci.top
		case opClose:
			t.closeUpvals(base + int(i.a()))
		case opClosure:
			c := t.newClosure(cl.proto.protos[i.d()], cl, base)
			regs[i.a()] = luaValue(c)
		case opVararg:
			t.varargs(ci, base+int(i.a()), int(i.b())-1)
			regs = t.regs(base)
		}
		continue
	backEdge:
		st.budget--
		if st.budget < 0 {
			ci.pc = pc
			st.spent()
		}
	}
}
