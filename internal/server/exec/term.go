package exec

import "math"

// This file is how executors keep to the term of a node of a cluster (admit.Term). A batch that begins when
// it is over finds the node down. One in which it ends has its replies, which may be of a time when another
// node had the slots, withheld: what ran before the end of the term was right to run, and who looks at the
// clock after it has run knows that.

// Overdue stands for a position of the journal that is never reached: of what ran when the term was over.
const Overdue = math.MaxUint64

// UnderTerm notes under which term the calls run that follow. Their gate is held.
func (r *recorder) UnderTerm() {
	s := r.env.Slots.Load()
	if s == nil {
		return
	}
	if r.term = s.Term; s.Term != nil && s.Term.Lapsed() {
		// What others have admitted they run, and withhold the reply.
		r.env.Slots.CompareAndSwap(s, s.Without)
		r.term = nil
	}
}

// overdue tells whether the term is over under which the last calls ran.
func (r *recorder) overdue() bool { return r.term != nil && r.term.Lapsed() }
