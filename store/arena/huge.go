package arena

import "unsafe"

// While huge pages are on, a chunk is in one of two states.
//
//	huge    The kernel backs it as a whole with its first touch, or collects its small
//	        pages later (khugepaged): all of it counts as resident from then on.
//	plain   Part of it was given back, and the kernel is told to leave it alone. Else it
//	        would be made whole again, for one page in use suffices, and idle memory would grow.
//
// A chunk becomes plain before a part of it is given back, and huge again when it is filled or
// all of it was given back. The first plainChunks begin plain: of a small
// server's memory a chunk that is hardly used would be a large share.

// chunkUnits is the units of a chunk.
const chunkUnits = 1 << chunkOrder

// adviseLocked asks for huge pages up to unit end and somewhat beyond.
func (p *unitPool) adviseLocked(end uint32) {
	m := &p.mu
	const step = adviseStepBytes >> unitShift
	end = min((end+step-1)&^(step-1), m.units)
	p.adviseRunLocked(m.advised, end-m.advised, true)
	if m.advised == 0 {
		for c := range uint32(plainChunks) {
			p.makePlainLocked(c)
		}
	}
	m.advised = end
}

// adviseRunLocked tells the kernel whether a run is to have huge pages. Nothing depends on its
// obedience but memory.
func (p *unitPool) adviseRunLocked(u, cnt uint32, huge bool) {
	_ = osHugePages(unsafe.Add(base, uintptr(u)<<unitShift), uintptr(cnt)<<unitShift, huge)
}

// faultLocked notes that the chunks of a run, which is about to be handed out from a free block of
// so many units, become resident as a whole if nothing of them is so far. It returns the end of what
// is resident.
func (p *unitPool) faultLocked(u, cnt, block uint32) (end uint32) {
	m := &p.mu
	end = u + cnt
	if end > m.advised {
		p.adviseLocked(end)
	}
	last := (end - 1) >> chunkOrder
	for c := u >> chunkOrder; c <= last; c++ {
		// What is free as a whole is within the block; else some of it is being given back.
		within := c<<chunkOrder >= u && (c+1)<<chunkOrder <= u+block
		if !within || m.plain.test(c) || p.anyDirtyLocked(c<<chunkOrder, chunkUnits) {
			continue
		}
		m.freeDirty += chunkUnits - p.markDirtyLocked(c<<chunkOrder, chunkUnits)
		end = max(end, (c+1)<<chunkOrder)
	}
	return end
}

// breakLocked makes the chunks plain of which the run, which is about to be given back, is a
// part.
func (p *unitPool) breakLocked(u, cnt uint32) {
	if !hugePages.Load() {
		return
	}
	for c := u >> chunkOrder; c <= (u+cnt-1)>>chunkOrder; c++ {
		// Each one divides the mapping, of which a process may have so many.
		if p.anyDirtyLocked(c<<chunkOrder, chunkUnits) && p.mu.plain.count < maxPlainChunks {
			p.makePlainLocked(c)
		}
	}
}

func (p *unitPool) makePlainLocked(c uint32) {
	if !p.mu.plain.test(c) {
		p.mu.plain.set(c)
		p.adviseRunLocked(c<<chunkOrder, chunkUnits, false)
	}
}

func (p *unitPool) makeHugeLocked(c uint32) {
	p.mu.plain.clear(c)
	p.adviseRunLocked(c<<chunkOrder, chunkUnits, true)
}

// mendFilledLocked lets the chunks of a run, which was handed out, be huge again that are
// resident as a whole.
func (p *unitPool) mendFilledLocked(u, cnt uint32) {
	for c := u >> chunkOrder; c <= (u+cnt-1)>>chunkOrder; c++ {
		// Unit 0 is never handed out.
		if p.mu.plain.test(c) && p.countDirtyLocked(c<<chunkOrder, chunkUnits) >= chunkUnits-1 {
			p.makeHugeLocked(c)
		}
	}
}

// mendEmptyLocked is mendFilledLocked for chunks of a run that was given back, of which nothing
// is resident any more.
func (p *unitPool) mendEmptyLocked(u, cnt uint32) {
	if p.mu.plain.count == 0 {
		return
	}
	for c := u >> chunkOrder; c <= (u+cnt-1)>>chunkOrder; c++ {
		if c >= plainChunks && p.mu.plain.test(c) && !p.anyDirtyLocked(c<<chunkOrder, chunkUnits) {
			p.makeHugeLocked(c)
		}
	}
}

// sortChunksLocked puts every chunk below the high water into the state that fits it, when huge
// pages are switched on.
func (p *unitPool) sortChunksLocked() {
	for c := range uint32((HighWater() + chunkBytes - 1) / chunkBytes) {
		n := p.countDirtyLocked(c<<chunkOrder, chunkUnits)
		if n >= chunkUnits-1 && p.mu.plain.test(c) {
			p.makeHugeLocked(c)
		}
		if (c < plainChunks || n > 0) && n < chunkUnits-1 && p.mu.plain.count < maxPlainChunks {
			p.makePlainLocked(c)
		}
	}
}

// forgetPlainLocked is for when huge pages are switched off, or on.
func (p *unitPool) forgetPlainLocked() {
	x := &p.mu.plain
	for i, ok := x.next(0); ok; i, ok = x.next(i + 1) {
		x.clear(i)
	}
}
