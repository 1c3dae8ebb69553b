package options

import (
	"log/slog"
	"math"
)

// LevelVerbose is the slog level of loglevel verbose: between debug and notice, which
// is slog's Info.
const LevelVerbose slog.Level = -2

// SlogLevel is the least slog level that loglevel lets through.
func (o *Options) SlogLevel() slog.Level {
	switch o.LogLevel.Load() {
	case LogDebug:
		return slog.LevelDebug
	case LogVerbose:
		return LevelVerbose
	case LogNotice:
		return slog.LevelInfo
	case LogWarning:
		return slog.LevelWarn
	}
	return math.MaxInt32 // nothing
}
