package command

var listSpecs []*Spec

var listBlockSpecs []*Spec
