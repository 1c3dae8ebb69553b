#include "textflag.h"

// func hasCLMUL() bool
TEXT ·hasCLMUL(SB), NOSPLIT, $0-1
	MOVL $1, AX
	XORL CX, CX
	CPUID
	SHRL $1, CX
	ANDL $1, CX
	MOVB CX, ret+0(FP)
	RET

// FOLD multiplies the halves of x by those of K and adds both to x: x moves on by the
// distance that K stands for. t is overwritten.
#define FOLD(K, x, t) \
	MOVOU     x, t;        \
	PCLMULQDQ $0x00, K, x; \
	PCLMULQDQ $0x11, K, t; \
	PXOR      t, x

// func foldBlocks(c uint64, p []byte, k *[4]uint64, rest *[16]byte)
TEXT ·foldBlocks(SB), NOSPLIT, $0-48
	MOVQ  c+0(FP), AX
	MOVQ  p_base+8(FP), SI
	MOVQ  p_len+16(FP), CX
	MOVQ  k+32(FP), DI
	MOVQ  rest+40(FP), DX
	MOVOU 0(SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MOVQ  AX, X4
	PXOR  X4, X0
	MOVOU 0(DI), X5

next:
	ADDQ  $64, SI
	SUBQ  $64, CX
	JZ    done
	FOLD(X5, X0, X6)
	FOLD(X5, X1, X7)
	FOLD(X5, X2, X8)
	FOLD(X5, X3, X9)
	MOVOU 0(SI), X10
	MOVOU 16(SI), X11
	MOVOU 32(SI), X12
	MOVOU 48(SI), X13
	PXOR  X10, X0
	PXOR  X11, X1
	PXOR  X12, X2
	PXOR  X13, X3
	JMP   next

done:
	MOVOU 16(DI), X5
	FOLD(X5, X0, X6)
	PXOR  X0, X1
	FOLD(X5, X1, X6)
	PXOR  X1, X2
	FOLD(X5, X2, X6)
	PXOR  X2, X3
	MOVOU X3, 0(DX)
	RET
