package command

var zsetSpecs []*Spec

var zsetRangeSpecs []*Spec

var zsetOpSpecs []*Spec

var zsetBlockSpecs []*Spec
