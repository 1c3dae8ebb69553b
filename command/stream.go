package command

var streamSpecs []*Spec

var streamGroupSpecs []*Spec
