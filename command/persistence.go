package command

var persistenceSpecs []*Spec
