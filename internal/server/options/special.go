package options

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/memsize"
)

// SavePoint asks for a snapshot when Changes writes happened within Seconds.
type SavePoint struct{ Seconds, Changes int64 }

// saveKind is a list of save points. Lines of a file add to each other, the first one
// drops the defaults, and an empty word drops all.
type saveKind struct{}

func (saveKind) parse(words []string, cur any, ctx context) (any, error) {
	var points []SavePoint
	if ctx.file && !ctx.first {
		points = slices.Clone(cur.([]SavePoint))
	}
	if len(words) == 0 || len(words) == 1 && words[0] == "" {
		return []SavePoint(nil), nil
	}
	bad := errors.New("Invalid save parameters")
	if len(words)%2 != 0 {
		return nil, bad
	}
	for i := 0; i < len(words); i += 2 {
		seconds, err1 := strconv.ParseInt(words[i], 10, 64)
		changes, err2 := strconv.ParseInt(words[i+1], 10, 64)
		if err1 != nil || err2 != nil || seconds < 1 || changes < 0 {
			return nil, bad
		}
		points = append(points, SavePoint{seconds, changes})
	}
	return points, nil
}

func (saveKind) text(v any) string {
	var parts []string
	for _, p := range v.([]SavePoint) {
		parts = append(parts, fmt.Sprintf("%d %d", p.Seconds, p.Changes))
	}
	return strings.Join(parts, " ")
}

func (saveKind) directives(v, _ any) []string {
	points := v.([]SavePoint)
	if len(points) == 0 {
		return []string{`""`}
	}
	var lines []string
	for _, p := range points {
		lines = append(lines, fmt.Sprintf("%d %d", p.Seconds, p.Changes))
	}
	return lines
}

func (saveKind) words() bool   { return true }
func (saveKind) newCell() cell { return new(Value[[]SavePoint]) }
func (saveKind) label() string { return "pairs of seconds and changes" }

// ClientClass is a class of client-output-buffer-limit.
type ClientClass uint8

const (
	ClassNormal ClientClass = iota
	ClassReplica
	ClassPubSub
	classCount
)

// classNames are the names of CONFIG GET; a file says replica.
var classNames = [classCount]string{"normal", "slave", "pubsub"}

// OutputLimit bounds the replies that wait for a client: at HardBytes it is closed at
// once, above SoftBytes after SoftSeconds. 0: no limit.
type OutputLimit struct{ HardBytes, SoftBytes, SoftSeconds int64 }

// SoftMs is SoftSeconds in milliseconds; the largest number if that is too large for it.
func (l *OutputLimit) SoftMs() int64 { return min(l.SoftSeconds, math.MaxInt64/1000) * 1000 }

// OutputLimits are the limits by ClientClass.
type OutputLimits [classCount]OutputLimit

// outputLimitKind is client-output-buffer-limit; classes that are not named stay.
type outputLimitKind struct{}

func (outputLimitKind) parse(words []string, cur any, _ context) (any, error) {
	limits := cur.(OutputLimits)
	if len(words)%4 != 0 {
		return nil, errors.New("Wrong number of arguments in buffer limit configuration.")
	}
	for i := 0; i < len(words); i += 4 {
		class := classOf(words[i])
		if class == classCount {
			return nil, errors.New("Invalid client class specified in buffer limit configuration.")
		}
		hard, _, ok1 := memsize.Parse(words[i+1])
		soft, _, ok2 := memsize.Parse(words[i+2])
		seconds, err := strconv.ParseInt(words[i+3], 10, 64)
		if !ok1 || !ok2 || err != nil || seconds < 0 {
			return nil, errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		limits[class] = OutputLimit{hard, soft, seconds}
	}
	return limits, nil
}

// classOf returns classCount for a name that is none.
func classOf(name string) ClientClass {
	if strings.EqualFold(name, "replica") {
		return ClassReplica
	}
	for i, n := range classNames {
		if strings.EqualFold(name, n) {
			return ClientClass(i)
		}
	}
	return classCount
}

func (outputLimitKind) text(v any) string {
	limits := v.(OutputLimits)
	var parts []string
	for i, l := range limits {
		parts = append(parts, fmt.Sprintf("%s %d %d %d", classNames[i], l.HardBytes, l.SoftBytes, l.SoftSeconds))
	}
	return strings.Join(parts, " ")
}

func (outputLimitKind) directives(v, base any) []string {
	limits, defaults := v.(OutputLimits), base.(OutputLimits)
	var lines []string
	for i, l := range limits {
		if l == defaults[i] {
			continue
		}
		name := classNames[i]
		if ClientClass(i) == ClassReplica {
			name = "replica"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %d", name, formatMemory(l.HardBytes), formatMemory(l.SoftBytes), l.SoftSeconds))
	}
	return lines
}

func (outputLimitKind) words() bool   { return true }
func (outputLimitKind) newCell() cell { return new(Value[OutputLimits]) }
func (outputLimitKind) label() string { return "class, hard size, soft size, seconds; repeated" }

// oomKind is oom-score-adj-values: three numbers.
type oomKind struct{}

func (oomKind) parse(words []string, _ any, _ context) (any, error) {
	var scores [3]int64
	if len(words) != len(scores) {
		return nil, errWordCount
	}
	for i, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil || n < -oomScoreBound || n > oomScoreBound {
			return nil, fmt.Errorf("Invalid oom-score-adj-values, elements must be between -%d and %d.", oomScoreBound, oomScoreBound)
		}
		scores[i] = n
	}
	return scores, nil
}

func (oomKind) text(v any) string {
	s := v.([3]int64)
	return fmt.Sprintf("%d %d %d", s[0], s[1], s[2])
}

func (k oomKind) directives(v, _ any) []string { return []string{k.text(v)} }
func (oomKind) words() bool                    { return true }
func (oomKind) newCell() cell                  { return new(Value[[3]int64]) }
func (oomKind) label() string                  { return "three numbers" }

// percentileKind is a list of percentiles.
type percentileKind struct{}

func (percentileKind) parse(words []string, _ any, _ context) (any, error) {
	if len(words) == 1 && words[0] == "" {
		return []float64(nil), nil
	}
	var list []float64
	for _, w := range words {
		f, err := strconv.ParseFloat(w, 64)
		if err != nil || f != f {
			return nil, errors.New("Invalid latency-tracking-info-percentiles parameters")
		}
		if f < 0 || f > 100 {
			return nil, errors.New("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		list = append(list, f)
	}
	return list, nil
}

func (percentileKind) text(v any) string {
	var parts []string
	for _, f := range v.([]float64) {
		s := strings.TrimRight(strconv.FormatFloat(f, 'f', 6, 64), "0")
		parts = append(parts, strings.TrimSuffix(s, "."))
	}
	return strings.Join(parts, " ")
}

func (k percentileKind) directives(v, _ any) []string {
	if len(v.([]float64)) == 0 {
		return []string{`""`}
	}
	return []string{k.text(v)}
}

func (percentileKind) words() bool   { return true }
func (percentileKind) newCell() cell { return new(Value[[]float64]) }
func (percentileKind) label() string { return "list of percentiles" }

// bindKind is the list of addresses to listen on; a leading '-' allows an address to
// be missing, '*' and '::*' are all of IPv4 and IPv6.
type bindKind struct{}

func (bindKind) parse(words []string, _ any, _ context) (any, error) {
	if len(words) > maxBindAddresses {
		return nil, errors.New("Too many bind addresses specified.")
	}
	if len(words) == 1 && words[0] == "" {
		return []string(nil), nil
	}
	return slices.Clone(words), nil
}

func (bindKind) text(v any) string { return strings.Join(v.([]string), " ") }

func (k bindKind) directives(v, _ any) []string {
	if len(v.([]string)) == 0 {
		return []string{`""`}
	}
	return []string{k.text(v)}
}

func (bindKind) words() bool   { return true }
func (bindKind) newCell() cell { return new(Words) }
func (bindKind) label() string { return "list of addresses" }

// dirKind is an existing directory, kept as an absolute path; a relative one starts from
// the directory so far.
type dirKind struct{}

func (dirKind) parse(words []string, cur any, _ context) (any, error) {
	w, err := one(words)
	if err != nil {
		return nil, err
	}
	if dir := cur.(string); dir != "" && !filepath.IsAbs(w) {
		w = filepath.Join(dir, w)
	}
	info, err := os.Stat(w)
	if err != nil {
		return nil, errors.New(osReason(err))
	}
	if !info.IsDir() {
		return nil, errors.New("Not a directory")
	}
	return filepath.Abs(w)
}

func (dirKind) text(v any) string            { return v.(string) }
func (dirKind) directives(v, _ any) []string { return []string{Quote(v.(string))} }
func (dirKind) words() bool                  { return false }
func (dirKind) newCell() cell                { return new(Text) }
func (dirKind) label() string                { return "directory" }

// primaryKind is replicaof: host and port, or "no one".
type primaryKind struct{}

func (primaryKind) parse(words []string, _ any, _ context) (any, error) {
	if len(words) != 2 {
		return nil, errWordCount
	}
	if strings.EqualFold(words[0], "no") && strings.EqualFold(words[1], "one") {
		return "", nil
	}
	if port, ok := parseInt(words[1]); !ok || port < 0 || port > 65535 {
		return nil, errors.New("Invalid master port")
	}
	return words[0] + " " + words[1], nil
}

func (primaryKind) text(v any) string { return v.(string) }

func (primaryKind) directives(v, _ any) []string {
	if v.(string) == "" {
		return []string{"no one"}
	}
	return []string{v.(string)}
}

func (primaryKind) words() bool   { return true }
func (primaryKind) newCell() cell { return new(Text) }
func (primaryKind) label() string { return "host and port" }
