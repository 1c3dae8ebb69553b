package acl

const (
	// hashHexBytes is the length of a password's hash in hexadecimal.
	hashHexBytes = 64
	// logMergeMs is the age up to which equal entries of ACL LOG are counted as one.
	logMergeMs = 60_000
)
