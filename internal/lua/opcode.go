package lua

// instr is one instruction: op 8 bits, a 8, b 8, c 8, and d, 32 bits with a sign. b and c
// together are one number of 16 bits in some (bc).
type instr uint64

func (i instr) op() opcode { return opcode(i) }
func (i instr) a() uint8   { return uint8(i >> 8) }
func (i instr) b() uint8   { return uint8(i >> 16) }
func (i instr) c() uint8   { return uint8(i >> 24) }
func (i instr) bc() int    { return int(uint16(i >> 16)) }
func (i instr) d() int     { return int(int32(i >> 32)) }

func mk(op opcode, a, b, c, d int) instr {
	return instr(op) | instr(uint8(a))<<8 | instr(uint8(b))<<16 | instr(uint8(c))<<24 | instr(uint32(d))<<32
}

func (i *instr) setA(a int) { *i = *i&^(0xFF<<8) | instr(uint8(a))<<8 }
func (i *instr) setB(b int) { *i = *i&^(0xFF<<16) | instr(uint8(b))<<16 }
func (i *instr) setC(c int) { *i = *i&^(0xFF<<24) | instr(uint8(c))<<24 }
func (i *instr) setD(d int) { *i = *i&0xFFFFFFFF | instr(uint32(d))<<32 }

type opcode uint8

// R is a register, K a constant, U an upvalue, G the globals. Jumps are relative to the
// next instruction. "if x" jumps by d when x is the truth value c.
const (
	opMove      opcode = iota // R[a] = R[b]
	opLoadK                   // R[a] = K[d]
	opLoadBool                // R[a] = bool(b); if c, skip the next instruction
	opLoadNil                 // R[a..b] = nil
	opGetUpval                // R[a] = U[b]
	opSetUpval                // U[b] = R[a]
	opGetGlobal               // R[a] = G[K[d]]
	opSetGlobal               // G[K[d]] = R[a]
	opGetTable                // R[a] = R[b][R[c]]
	opGetField                // R[a] = R[b][K[d]], a string
	opGetConst                // R[a] = R[b][K[d]], no string
	opSetTable                // R[a][R[b]] = R[c]
	opSetTableK               // R[a][R[b]] = K[d]
	opSetField                // R[a][K[d]] = R[c], a string
	opSetFieldK               // R[a][K[d]] = K[bc], a string
	opSetConst                // R[a][K[d]] = R[c], no string
	opSetConstK               // R[a][K[d]] = K[bc], no string
	opNewTable                // R[a] = {}, sizes b and c as float bytes
	opSelf                    // R[a+1] = R[b]; R[a] = R[b][K[d]]
	opSelfR                   // R[a+1] = R[b]; R[a] = R[b][R[c]]
	opAdd                     // R[a] = R[b] + R[c]
	opSub
	opMul
	opDiv
	opMod
	opPow
	opAddK // R[a] = R[b] + K[d]
	opSubK
	opMulK
	opDivK
	opModK
	opPowK
	opKAdd // R[a] = K[d] + R[c]
	opKSub
	opKMul
	opKDiv
	opKMod
	opKPow
	opUnm
	opNot
	opLen
	opConcat   // R[a] = R[b] .. ... .. R[c]
	opJmp      // jump by d
	opEq       // if R[a] == R[b]
	opEqK      // if R[a] == K[b]
	opLt       // if R[a] < R[b]
	opLtK      // if R[a] < K[b]
	opKLt      // if K[a] < R[b]
	opLe       // if R[a] <= R[b]
	opLeK      // if R[a] <= K[b]
	opKLe      // if K[a] <= R[b]
	opTest     // if R[a]
	opTestSet  // if R[b], and then R[a] = R[b]
	opCall     // R[a..a+c-2] = R[a](R[a+1..a+b-1])
	opTailCall // return R[a](R[a+1..a+b-1])
	opReturn   // return R[a..a+b-2]
	opReturn0
	opReturn1
	opForLoop  // R[a] += R[a+2]; if in range, jump by d and R[a+3] = R[a]
	opForPrep  // R[a] -= R[a+2]; jump by d
	opTForLoop // R[a+3..a+2+c] = R[a](R[a+1], R[a+2]); if R[a+3] ~= nil, R[a+2] = R[a+3] and jump by d
	opSetList  // R[a][d+i] = R[a+i], 1 <= i <= b; b is 0: up to top
	opClose    // close all upvalues from R[a] on
	opClosure  // R[a] = closure of P[d]
	opVararg   // R[a..a+b-2] = ...
	opCount
)

// fieldsPerFlush is the number of list items that one opSetList stores.
const fieldsPerFlush = 50

// Proto is a compiled function. It never changes after compilation, so any number of
// States in any number of goroutines may run it.
type Proto struct {
	code     []instr
	k        []Value
	protos   []*Proto
	lines    []int32
	upvals   []upvalDesc
	locals   []localDesc
	upNames  []string
	source   string // as given: "@name", "=name" or the text
	line     int    // where the function begins, 0 for a chunk
	lastLine int
	params   uint8
	maxStack uint8
	isVararg bool
	// hasArg and needsArg: there is a local "arg", and it gets a table.
	hasArg, needsArg bool
}

// upvalDesc says where a closure that is made finds an upvalue: in a register of the
// function that makes it, or among that one's upvalues.
type upvalDesc struct {
	local bool
	index uint8
}

// localDesc says which local variable lives from instruction start to before end.
type localDesc struct {
	name       string
	start, end int
}

// Size returns about how many bytes of memory the compiled chunk takes.
func (p *Proto) Size() int {
	n := 200 + len(p.code)*8 + len(p.lines)*4 + len(p.k)*valueSize + len(p.locals)*32 + len(p.upvals)*18
	for _, k := range p.k {
		if k.n == tagString {
			n += stringSize(k.str().Len())
		}
	}
	for _, c := range p.protos {
		n += c.Size()
	}
	return n
}

// localName returns the name of the local variable in register reg at instruction pc.
func (p *Proto) localName(reg, pc int) string {
	for _, v := range p.locals {
		if v.start > pc {
			break
		}
		if pc < v.end {
			if reg == 0 {
				return v.name
			}
			reg--
		}
	}
	return ""
}

// closure is a function written in Lua with its upvalues.
type closure struct {
	proto *Proto
	ups   []*upval
	id    uint32
	mark  uint8
}

// upval is a variable that closures share. While its function runs, v points into the
// stack (index says where) and next leads to the open one below; then it has its own place.
type upval struct {
	v      *Value
	closed Value
	index  int
	next   *upval
}

// GoFunc is a function written in Go. Its arguments are t.Arg(0) to t.Arg(t.NArgs()-1);
// it pushes its results with t.Push and returns how many of the last pushed ones are
// results. It raises errors with t.Error and the functions built on it, which do not return.
type GoFunc func(t *Thread) int

// Function is a Go function as a value.
type Function struct {
	Name string
	call GoFunc
	ups  []Value
	// direct says how the machine treats the few functions that must act on its frames.
	direct directKind
	id     uint32
	mark   uint8
}

type directKind uint8

const (
	plainCall directKind = iota
	yieldCall
)

// NewFunction returns f as a function. ups are values that it finds again with t.Upvalue.
func NewFunction(name string, f GoFunc, ups ...Value) *Function {
	return &Function{Name: name, call: f, ups: ups, id: hashOf(name)}
}
