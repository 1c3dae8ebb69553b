package replication

import "github.com/kringdb/kring/resp"

// Batch is calls that follow each other in the stream of a primary.
type Batch struct {
	Calls []resp.Args
	Ends  []int  // where in Raw each call ends
	Raw   []byte // the bytes that they are, and what else stands there: PING, MULTI, EXEC
	Unit  bool   // the calls take effect together
}

// Refused is why a stream cannot be followed: there is something in it that cannot be done here,
// and going on would make the data differ.
type Refused struct{ Reason string }

// Damaged is what a stream has that is no call, or stands where it cannot: what was applied before may be
// wrong as well, so only a full copy helps.
type Damaged struct{ Reason string }

func (d *Damaged) Error() string { return "the stream of the primary is damaged: " + d.Reason }

func (r *Refused) Error() string { return r.Reason }
