package rdb

// validate reads v, the whole of a value, to its end, to see what a Decoder makes of it. It returns
// an error for everything that a Decoder does not take, for an element that occurs twice
// and for a value without any element (but of a stream, which may be empty).
func (d *Decoder) validate(v *Value) error {
	d.Open(v, true)
	var seen distinct
	unique := d.kind == Set && d.lay.packed != intset || d.kind == ZSet || d.kind == Hash
	for d.Next() {
		if unique && !seen.add(d.Elem()) {
			return errTwice
		}
	}
	if d.kind == Stream {
		d.readTrailer()
	}
	if d.err != nil {
		return d.err
	}
	if d.count == 0 && d.kind != Stream {
		return ErrEmpty
	}
	return nil
}
