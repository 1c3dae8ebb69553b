package command

// groupSpecs lists the slices of specs, one line per group file. All flattens it.
var groupSpecs = [][]*Spec{
	stringGetSpecs,
	stringSetSpecs,
	stringNumSpecs,
	stringRangeSpecs,
	stringLCSSpecs,
	bitmapBitSpecs,
	bitmapCountSpecs,
	bitmapOpSpecs,
	bitmapFieldSpecs,
	genericSpecs,
	scanSpecs,
	expireSpecs,
	objectSpecs,
	connectionSpecs,
	clientSpecs,
	serverSpecs,
	configSpecs,
	debugSpecs,
	introspectSpecs,
}
