package script

import "time"

const (
	// evalScripts is how many scripts that only EVAL has brought are kept.
	evalScripts = 500
	// hookSteps is the number of steps of a script between two looks at the time: a
	// fraction of a millisecond.
	hookSteps = 20_000
	// replyDepth is how deep tables may be nested in what a script returns.
	replyDepth = 2000
	// loadTime is how long a library may take to register its functions.
	loadTime = 500 * time.Millisecond
	// keepBytes is how much memory for arguments is kept for the next run.
	keepBytes = 64 << 10
)
