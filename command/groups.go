package command

// groupSpecs lists the groups of commands, one line per group file. All flattens it.
var groupSpecs = [][]*Spec{}
