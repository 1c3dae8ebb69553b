package command

var geoSpecs []*Spec
