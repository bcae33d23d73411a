package cli

import (
	"fmt"
	"strings"
	"time"
)

// A progress is a line on the terminal that says how far something has come. The nil progress draws nothing.
type progress struct {
	u     *ui
	what  string
	begun time.Time
	drawn time.Time
	first int64 // where it stood when it began: what a resumed transfer had done before
	known bool  // first is known
	shown int   // the length of what stands on the terminal
}

const (
	drawEvery = 100 * time.Millisecond
	barWidth  = 24
)

// progress returns the progress of what, or nil where standard error is no terminal. Its owner calls done in the end.
func (u *ui) progress(what string) *progress {
	if !talksTo(u.env.Stderr) {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	u.bar = &progress{u: u, what: what, begun: time.Now()}
	return u.bar
}

// update draws that done of total bytes are done.
func (p *progress) update(done, total int64) {
	if p == nil {
		return
	}
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	if !p.known {
		p.first, p.known = done, true
	}
	if time.Since(p.drawn) < drawEvery && done < total {
		return
	}
	p.drawn = time.Now()
	p.draw(p.line(done, total))
}

// done removes the bar.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	p.clear()
	p.u.bar = nil
}

func (p *progress) line(done, total int64) string {
	share := 1.0
	if total > 0 {
		share = min(1, float64(done)/float64(total))
	}
	full := int(share * barWidth)
	bar := strings.Repeat("#", full) + strings.Repeat(".", barWidth-full)
	line := fmt.Sprintf("mayfly: %s [%s] %3.0f %% of %s", p.what, bar, share*100, formatSize(total))
	if d := time.Since(p.begun); d > time.Second && done > p.first {
		perSecond := float64(done-p.first) / d.Seconds()
		left := time.Duration(float64(total-done) / perSecond * float64(time.Second))
		line += fmt.Sprintf(", %s/s, %s left", formatSize(int64(perSecond)), formatDuration(left))
	}
	return line
}

// draw puts line in place of what stands there. Its caller holds the ui's lock.
func (p *progress) draw(line string) {
	pad := max(0, p.shown-len(line))
	fmt.Fprintf(p.u.env.Stderr, "\r%s%s", line, strings.Repeat(" ", pad))
	p.shown = len(line)
}

// clear takes the bar off the terminal until it is drawn again. Its caller holds the ui's lock.
func (p *progress) clear() {
	if p == nil || p.shown == 0 {
		return
	}
	fmt.Fprintf(p.u.env.Stderr, "\r%s\r", strings.Repeat(" ", p.shown))
	p.shown = 0
}
