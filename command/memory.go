package command

var memorySpecs []*Spec
