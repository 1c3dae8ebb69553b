package command

var sortSpecs []*Spec
