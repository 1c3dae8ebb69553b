package command

var setSpecs []*Spec
