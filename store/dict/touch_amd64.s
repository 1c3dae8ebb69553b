#include "textflag.h"

// func touchSlot(b *bucket, tag uint64, base unsafe.Pointer, limit uint64) (slot *uint64)
//
// The tags are the upper halves of the slots' upper halves: gathered, packed to words, and
// compared all at once.
TEXT ·touchSlot(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ   b+0(FP), AX
	MOVQ   tag+8(FP), X4
	MOVOU  (AX), X0
	MOVOU  16(AX), X1
	MOVOU  32(AX), X2
	MOVOU  48(AX), X3
	SHUFPS $0xDD, X1, X0
	SHUFPS $0xDD, X3, X2
	PSRAL  $16, X0
	PSRAL  $16, X2
	PACKSSLW X2, X0
	PSHUFLW $0, X4, X4
	PSHUFD $0, X4, X4
	PCMPEQW X4, X0
	PMOVMSKB X0, CX
	TESTL  CX, CX
	JZ     none
	BSFL   CX, CX // twice the number of the slot
	LEAQ   (AX)(CX*4), AX
	MOVQ   AX, slot+32(FP)

	// The first two lines of its entry, if they can be read.
	MOVQ (AX), DX
	SHLQ $24, DX
	SHRQ $21, DX
	LEAQ 128(DX), CX
	CMPQ CX, limit+24(FP)
	JHI  done
	ADDQ base+16(FP), DX
	PREFETCHT0 (DX)
	PREFETCHT0 64(DX)

done:
	RET

none:
	MOVQ $0, slot+32(FP)
	RET
