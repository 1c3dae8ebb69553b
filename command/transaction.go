package command

var transactionSpecs []*Spec
