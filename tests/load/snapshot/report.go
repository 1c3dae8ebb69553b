package main

import (
	"fmt"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

// report prints the table and returns how many bounds were missed.
func report(r, k *figures, o *options) (missed int) {
	row := func(what string, redis, kring, bound float64, unit string) {
		ok := kring <= bound*redis
		if !ok {
			missed++
		}
		fmt.Printf("%-34s redis %10.3f %-3s kring %10.3f %-3s ratio %.3f (bound %.2f)  %s\n", what, redis, unit, kring, unit, kring/redis, bound, kit.Verdict(ok))
	}
	if o.has("save") {
		row("BGSAVE, wall", r.saveWall, k.saveWall, saveBound, "s")
		row("BGSAVE, CPU", r.saveCPU, k.saveCPU, saveBound, "s")
		row("file size", float64(r.fileBytes)/1e6, float64(k.fileBytes)/1e6, sizeBound, "MB")
	}
	if o.has("beside") {
		missed += reportBeside(r, k)
	}
	if o.has("load") {
		row("loading, wall", r.loadWall, k.loadWall, loadBound, "s")
	}
	if o.has("dumps") {
		row("DUMP of 1 KB, CPU", r.dumpString, k.dumpString, dumpBound, "us")
		row("DUMP of 100 fields, CPU", r.dumpHash, k.dumpHash, dumpBound, "us")
		row("RESTORE of 1 KB, CPU", r.restoreString, k.restoreString, dumpBound, "us")
		row("RESTORE of 100 fields, CPU", r.restHash, k.restHash, dumpBound, "us")
	}
	if o.has("rewrite") {
		row("AOF rewrite with RDB base, CPU", r.rewriteCPU, k.rewriteCPU, rewriteBound, "s")
	}
	return missed
}

func reportBeside(r, k *figures) (missed int) {
	ok := k.growth <= growthBound && k.besideStatus == "ok"
	if !ok {
		missed++
	}
	fmt.Printf("beside 100,000 SETs a second: memory redis +%.1f%%, kring +%.1f%% (bound %.0f%%), %.2f and %.2f s, status %s and %s  %s\n",
		100*r.growth, 100*k.growth, 100*growthBound, r.besideWall, k.besideWall, r.besideStatus, k.besideStatus, kit.Verdict(ok))
	ok = k.slowest <= slowestBound && k.slowest.Seconds() <= slowestShare*r.slowest.Seconds()
	if !ok {
		missed++
	}
	fmt.Printf("slowest GET beside: redis %v, kring %v (bounds %v and %.1f of redis; in the second before: %v, %v; the machine's own pauses: %s, %s)  %s\n",
		r.slowest, k.slowest, slowestBound, slowestShare, r.slowestAlone, k.slowestAlone, r.machineNote, k.machineNote, kit.Verdict(ok))
	return missed
}
