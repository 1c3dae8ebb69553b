package rdb

import (
	"bytes"
	"fmt"
)

// entry reads a key of type t and cuts out its value, or the first part of it.
func (r *Reader) entry(it *Item, t Type) error {
	it.Type, it.Dialect = t, r.dialect
	if err := r.read(&r.key); err != nil {
		return err
	}
	n := int64(len(r.key.bytes))
	it.Key = r.key.bytes
	begin := r.s.offset() - n // where the key stands, if it was written as it is
	err := r.open(it)
	if err == nil {
		err = r.cut(it)
	}
	if !r.key.inRoom { // the buffer may have moved
		at := begin - r.s.origin
		r.key.setBytes(r.s.buf[at : at+n : at+n])
	}
	it.Key = r.key.bytes
	if r.s.shared && r.key.inRoom {
		it.Key = bytes.Clone(it.Key)
	}
	if r.left > 0 && err == nil {
		if !r.s.shared {
			it.Key = r.key.own()
		}
		r.item = *it
		r.item.First = false
	}
	return err
}

// open reads what stands before the units of a value.
func (r *Reader) open(it *Item) (err error) {
	r.lay = layoutOf(it.Type, it.Dialect)
	r.left = 1
	if !r.lay.known {
		r.left = 0
		return r.unknown(it.Type)
	}
	if r.lay.base {
		if it.base, err = r.s.uint64(); err != nil {
			return err
		}
	}
	if r.lay.counted {
		r.left, err = r.s.count()
	}
	it.Total = r.left
	return err
}

// unknown returns the error for a type that we do not have.
func (r *Reader) unknown(t Type) error {
	name := r.lay.name
	if t == typeModule || t == typeModuleOld {
		if id, err := r.s.count(); err == nil {
			name = fmt.Sprintf("%s type %s", name, moduleName(id))
		}
	}
	return fmt.Errorf("a value of a type that Kring does not have: %s", name)
}

// cut passes units until the value ends or a part is complete.
func (r *Reader) cut(it *Item) error {
	begin := r.s.offset()
	it.Count = 0
	for r.left > 0 {
		if err := r.unit(); err != nil {
			return err
		}
		r.left--
		it.Count++
		if r.s.offset()-begin >= r.part {
			break
		}
	}
	it.Last = r.left == 0
	if it.Last && r.lay.kind == Stream {
		if err := r.trailer(it.Type); err != nil {
			return err
		}
	}
	it.Body = r.s.view(begin)
	return nil
}

// unit passes one unit of the layout.
func (r *Reader) unit() error {
	s := &r.s
	switch r.lay.unit {
	case unitNode, unitTTLPair:
		if _, err := s.count(); err != nil {
			return err
		}
	}
	if err := s.str(); err != nil {
		return err
	}
	switch r.lay.unit {
	case unitPair, unitTTLPair, unitStreamNode:
		return s.str()
	case unitScore:
		return s.skip(8)
	case unitPairTTL:
		if err := s.str(); err != nil {
			return err
		}
		return s.skip(8)
	case unitTextScore:
		n, err := s.byte()
		if err != nil || n >= 253 {
			return err
		}
		return s.skip(int(n))
	}
	return nil
}

// trailer passes what stands behind the nodes of a stream.
func (r *Reader) trailer(t Type) error {
	s := &r.s
	n := 3 // length, last id
	if t >= typeStream2 {
		n += 5 // first id, greatest deleted id, how many were ever added
	}
	for range n {
		if _, err := s.count(); err != nil {
			return err
		}
	}
	groups, err := s.count()
	if err != nil {
		return err
	}
	for range groups {
		if err := r.group(t); err != nil {
			return err
		}
	}
	return nil
}

// group passes a group of a stream: name, last id, how many were read, pending entries,
// consumers.
func (r *Reader) group(t Type) error {
	s := &r.s
	if err := s.str(); err != nil {
		return err
	}
	n := 2
	if t >= typeStream2 {
		n = 3
	}
	for range n {
		if _, err := s.count(); err != nil {
			return err
		}
	}
	pending, err := s.count()
	if err != nil {
		return err
	}
	for range pending {
		if err := s.skip(idBytes + 8); err != nil {
			return err
		}
		if _, err := s.count(); err != nil {
			return err
		}
	}
	consumers, err := s.count()
	if err != nil {
		return err
	}
	for range consumers {
		if err := r.consumer(t); err != nil {
			return err
		}
	}
	return nil
}

// consumer passes a consumer: name, when it was seen and active, ids of its entries.
func (r *Reader) consumer(t Type) error {
	s := &r.s
	if err := s.str(); err != nil {
		return err
	}
	times := 8
	if t >= typeStream3 {
		times = 16
	}
	if err := s.skip(times); err != nil {
		return err
	}
	owned, err := s.count()
	if err != nil {
		return err
	}
	for range owned {
		if err := s.skip(idBytes); err != nil {
			return err
		}
	}
	return nil
}
