package command

var hashSpecs []*Spec

var hashTTLSpecs []*Spec
