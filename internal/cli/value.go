package cli

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Each function here sets what it points to to a default and returns the flag.Value that changes it.

// text is any text.
func text(p *string, def string) flag.Value { *p = def; return (*textValue)(p) }

type textValue string

func (v *textValue) Set(s string) error { *v = textValue(s); return nil }
func (v *textValue) String() string     { return string(*v) }

// hush is a secret text, of which nothing is printed.
func hush(p *secret) flag.Value { *p = secret{}; return p }

// A secret is what a person alone should know.
type secret struct {
	wire.Unprintable
	text string
}

const hiddenValue = "[hidden]"

// Set implements [flag.Value].
func (s *secret) Set(text string) error { s.text = text; return nil }

// String returns a word that only says that there is a secret.
func (s *secret) String() string {
	if s.text == "" {
		return ""
	}
	return hiddenValue
}

// reveal returns the secret.
func (s *secret) reveal() string { return s.text }

// choice is one of several words.
func choice(p *string, def string, words ...string) flag.Value {
	*p = def
	return &choiceValue{p, words}
}

type choiceValue struct {
	p     *string
	words []string
}

func (v *choiceValue) String() string { return *v.p }

func (v *choiceValue) Set(s string) error {
	for _, word := range v.words {
		if s == word {
			*v.p = s
			return nil
		}
	}
	return fmt.Errorf("%q is not one of %s", s, strings.Join(v.words, ", "))
}

// list is words with commas between them. A flag that comes again adds to it.
func list(p *[]string) flag.Value { *p = nil; return (*listValue)(p) }

type listValue []string

func (v *listValue) String() string { return strings.Join(*v, ",") }

func (v *listValue) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			return errors.New("an empty name")
		}
		*v = append(*v, word)
	}
	return nil
}

// toggle is on or off.
func toggle(p *bool) flag.Value { *p = false; return (*toggleValue)(p) }

type toggleValue bool

func (v *toggleValue) String() string { return strconv.FormatBool(bool(*v)) }

func (v *toggleValue) Set(s string) error {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*v = toggleValue(b)
	return nil
}

// count is a whole number, at least 1.
func count(p *int, def int) flag.Value { *p = def; return (*countValue)(p) }

type countValue int

func (v *countValue) String() string { return strconv.Itoa(int(*v)) }

func (v *countValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a whole number of at least 1", s)
	}
	*v = countValue(n)
	return nil
}

// duration is a length of time such as 10s, 90m, 36h, 7d or 2w, in whole seconds.
func duration(p *time.Duration, def time.Duration) flag.Value { *p = def; return (*durationValue)(p) }

type durationValue time.Duration

func (v *durationValue) String() string { return formatDuration(time.Duration(*v)) }

func (v *durationValue) Set(s string) error {
	d, err := parseDuration(s)
	*v = durationValue(d)
	return err
}

// units of time, longest first; formatDuration does not use weeks, because 7d is plainer than 1w.
var durationUnits = []struct {
	name string
	d    time.Duration
}{
	{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
}

// parseDuration parses whole numbers, each followed by its unit, the longer unit first: 90m, 1d12h.
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no length of time; 10s, 90m, 36h, 7d and 2w are", s)
	var sum time.Duration
	rest := s
	for _, unit := range durationUnits {
		n, after, ok := cutNumber(rest, unit.name)
		if !ok {
			continue
		}
		if n > int64((math.MaxInt64-sum)/unit.d) {
			return 0, fmt.Errorf("%q is too long", s)
		}
		sum, rest = sum+time.Duration(n)*unit.d, after
	}
	if s == "" || rest != "" {
		return 0, bad
	}
	return sum, nil
}

// cutNumber parses a whole number and the unit that follows it at the beginning of s.
func cutNumber(s, unit string) (n int64, rest string, ok bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil {
		return 0, s, false
	}
	rest, ok = strings.CutPrefix(s[digits:], unit)
	return n, rest, ok
}

// formatDuration returns d, cut to whole seconds, in the form that parseDuration takes.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	for _, unit := range durationUnits[1:] {
		if n := d / unit.d; n > 0 && (d%unit.d == 0 || b.Len() > 0 || unit.name != "d") {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.d
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// roughly returns d as people say it: "7 days", "36 hours", "90 minutes", "10 seconds".
func roughly(d time.Duration) string {
	for _, unit := range []struct {
		name string
		d    time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d >= 2*unit.d {
			return plural(int64(d.Round(unit.d)/unit.d), unit.name)
		}
	}
	return plural(int64(d/time.Second), "second")
}

// size is a number of bytes such as 200MiB or 1GiB.
func size(p *int64, def int64) flag.Value { *p = def; return (*sizeValue)(p) }

type sizeValue int64

func (v *sizeValue) String() string { return exactSize(int64(*v)) }

func (v *sizeValue) Set(s string) error {
	n, err := parseSize(s)
	*v = sizeValue(n)
	return err
}

var sizeUnits = []struct {
	name string
	n    int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
	{"", 1},
}

// parseSize parses a whole number and a unit: 200MiB, 1GB, 4096.
func parseSize(s string) (int64, error) {
	for _, unit := range sizeUnits {
		n, rest, ok := cutNumber(s, unit.name)
		switch {
		case !ok || rest != "":
		case n > math.MaxInt64/unit.n:
			return 0, fmt.Errorf("%q is too much", s)
		default:
			return n * unit.n, nil
		}
	}
	return 0, fmt.Errorf("%q is no size; 4096, 200MiB and 1GiB are", s)
}

// exactSize returns n in the form that parseSize takes, with the largest binary unit that divides it.
func exactSize(n int64) string {
	for _, unit := range sizeUnits[:4] {
		if n != 0 && n%unit.n == 0 {
			return strconv.FormatInt(n/unit.n, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// formatSize returns n as people like to read it: "3.1 MiB".
func formatSize(n int64) string {
	for _, unit := range sizeUnits[:4] {
		if n >= unit.n {
			s := strconv.FormatFloat(float64(n)/float64(unit.n), 'f', 1, 64)
			return strings.TrimSuffix(s, ".0") + " " + unit.name
		}
	}
	return plural(n, "byte")
}

// plural returns n things: "1 byte", "2 bytes".
func plural[T int | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
