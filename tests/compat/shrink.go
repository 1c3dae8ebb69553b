package compat

import "time"

// Shrink looks for a shorter sequence that still mismatches, by delta debugging: first
// what follows the mismatch goes, then ever smaller runs of steps, then the decoration
// of the steps left (pipelining, inline form, connections, long arguments).
// again replays a sequence and tells whether it mismatches.
func Shrink(steps []Step, again func([]Step) bool) []Step {
	deadline := time.Now().Add(shrinkTimeout)
	try := func(s []Step) bool { return time.Now().Before(deadline) && again(s) }
	for chunk := len(steps) / 2; chunk > 0; {
		shorter, found := dropOne(steps, chunk, try)
		steps = shorter
		if !found || chunk > len(steps) {
			chunk /= 2
		}
	}
	steps = simplifySteps(steps, try)
	for {
		shorter, found := dropOne(steps, 1, try)
		steps = shorter
		if !found {
			return steps
		}
	}
}

// dropOne removes each run of chunk steps whose removal keeps the mismatch.
func dropOne(steps []Step, chunk int, try func([]Step) bool) (out []Step, found bool) {
	for at := len(steps) - chunk; at >= 0; at -= chunk {
		shorter := append(append([]Step(nil), steps[:at]...), steps[at+chunk:]...)
		if try(shorter) {
			steps, found = shorter, true
		}
		if at > len(steps) {
			at = len(steps)
		}
	}
	return steps, found
}

func simplifySteps(steps []Step, try func([]Step) bool) []Step {
	plain := append([]Step(nil), steps...)
	for i := range plain {
		plain[i].Batch, plain[i].Inline, plain[i].Conn = false, false, 0
	}
	if try(plain) {
		steps = plain
	}
	for i := range steps {
		for a := 1; a < len(steps[i].Args); a++ {
			for n := len(steps[i].Args[a]) / 2; n > 0 && len(steps[i].Args[a]) > 8; n /= 2 {
				if n >= len(steps[i].Args[a]) {
					continue
				}
				shorter := append([]Step(nil), steps...)
				args := append([]string(nil), steps[i].Args...)
				args[a] = args[a][:len(args[a])-n]
				shorter[i].Args = args
				if try(shorter) {
					steps = shorter
				}
			}
		}
	}
	return steps
}
