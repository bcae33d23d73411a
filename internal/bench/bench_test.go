package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A figure is one line of the table.
type figure struct {
	what, reference string
	want            string // empty: nothing is wanted of it
	got             string
}

// A table is what is measured, in order.
type table struct {
	t       *testing.T
	figures []figure
}

// add measures ours against a reference, turn by turn, and takes the best of each. The work is the same, so that the
// ratio of speeds is that of times.
func (b *table) add(what, reference, want string, ours, ref func()) {
	b.t.Helper()
	ratio := best(rounds, ref, ours)
	b.figures = append(b.figures, figure{what, reference, want, fmt.Sprintf("%.2f", ratio)})
	b.t.Logf("%s: %.2f of %s", what, ratio, reference)
}

const rounds = 5

// best returns how many times as long a takes as b.
func best(rounds int, a, b func()) float64 {
	var bestA, bestB time.Duration
	for i := range rounds + 1 {
		timeA, timeB := timed(a), timed(b)
		if i == 0 {
			continue // caches are cold
		}
		if bestA == 0 || timeA < bestA {
			bestA = timeA
		}
		if bestB == 0 || timeB < bestB {
			bestB = timeB
		}
	}
	return float64(bestA) / float64(bestB)
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// TestBench measures everything and writes the table to the file that MAYFLY_BENCH names.
func TestBench(t *testing.T) {
	out := os.Getenv("MAYFLY_BENCH")
	if out == "" {
		t.Skip("SKIPPED: scripts/bench runs this")
	}
	b := &table{t: t}
	sealing(b)
	stripping(b)
	transfer(b)
	memory(b)
	if err := os.WriteFile(out, []byte(b.document()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (b *table) document() string {
	var d strings.Builder
	d.WriteString("# How fast\n\nRatios of speed to a named reference, measured in one run: 1.00 is as fast, more is faster. " +
		"Memory is a peak, in MiB.\nRepeat all of it with `scripts/bench`.\n\n")
	d.WriteString("| what | against | wanted | got |\n| --- | --- | --- | --- |\n")
	for _, f := range b.figures {
		fmt.Fprintf(&d, "| %s | %s | %s | %s |\n", f.what, f.reference, f.want, f.got)
	}
	d.WriteString("\nOpening is bound by the digest that a reader owes every part: the third line leaves it in the reference. " +
		"Client, server and store share the cores of one machine here, so that what one of them computes, the others wait " +
		"for; the references are a thin client and the store.\n")
	d.WriteString("\nMachine: " + machine() + "\n")
	return d.String()
}

// machine says what it was measured on.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
			}
		}
	}
	kernel, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		kernel = []byte(runtime.GOOS)
	}
	return fmt.Sprintf("%d cores of %s, %s, %s.", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version())
}
