package command

var hllSpecs []*Spec
