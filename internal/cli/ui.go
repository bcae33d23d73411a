package cli

// How the program talks:
//
//   - Standard output is data and nothing else. With --json it is one JSON object a line, and that is a promise; what
//     people read may change.
//   - Standard error is talk. A line begins with "mayfly: ", in lower case, and has no full stop.
//   - A failure is one "error:" line and, where we know what helps, one "hint:" line.
//   - What a stranger wrote is printed without control characters, which a terminal would obey.
//   - A question is asked on the terminal, never on standard input. Where there is no terminal, that is a usage error.
//   - Progress is drawn on a terminal only.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
)

// A ui is the program's end of a conversation with a person.
type ui struct {
	ctx context.Context // of the one run that this is the ui of; a question ends with it
	env Env

	mu     sync.Mutex // guards what follows, and what is written
	outErr error      // the first that writing to standard output met
	bar    *progress  // the progress bar on the terminal, if there is one
}

func newUI(ctx context.Context, env Env) *ui { return &ui{ctx: ctx, env: env} }

// print writes data to standard output.
func (u *ui) print(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	if _, err := fmt.Fprintf(u.env.Stdout, format, args...); err != nil && u.outErr == nil {
		u.outErr = fmt.Errorf("standard output: %w", err)
	}
}

// printJSON writes v to standard output as one line of JSON.
func (u *ui) printJSON(v any) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	u.print("%s", b.String())
	return nil
}

// say writes a line to standard error.
func (u *ui) say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bar.clear()
	fmt.Fprintf(u.env.Stderr, "mayfly: "+format+"\n", args...)
}

func (u *ui) warn(format string, args ...any) { u.say("warning: "+format, args...) }

// fail says what went wrong, and what helps.
func (u *ui) fail(err error) {
	u.say("error: %s", plain(err))
	if hint := hintFor(err); hint != "" {
		u.say("hint: %s", hint)
	}
}

// talksTo reports whether w is a terminal.
func talksTo(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

var errNoTerminal = errors.New("there is no terminal to ask on")

// terminal opens the terminal of whoever started the program. It fails if standard input and standard error both lead
// elsewhere: then nobody may be there, whatever terminal the process inherited.
func (u *ui) terminal() (*os.File, error) {
	if !talksTo(u.env.Stdin) && !talksTo(u.env.Stderr) {
		return nil, errNoTerminal
	}
	if runtime.GOOS == "windows" {
		return os.OpenFile("CONIN$", os.O_RDWR, 0)
	}
	return os.OpenFile("/dev/tty", os.O_RDWR, 0)
}

// Whether the answer to a question shows while it is typed.
type visibility bool

const (
	visible visibility = true
	hidden  visibility = false
)

// ask asks a question on the terminal and returns the answer.
func (u *ui) ask(question string, v visibility) (string, error) {
	tty, err := u.terminal()
	if err != nil {
		return "", err
	}
	defer tty.Close()
	out := io.Writer(tty)
	if runtime.GOOS == "windows" {
		out = u.env.Stderr
	}
	fmt.Fprint(out, question)
	if v == hidden {
		defer fmt.Fprintln(out)
	}
	return u.answer(tty, v)
}

// answer reads an answer. Should the run end before there is one, the terminal is left as it was found; whoever reads
// it then stays behind, which is no matter since the program ends.
func (u *ui) answer(tty *os.File, v visibility) (string, error) {
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	read := make(chan struct{})
	var line string
	var readErr error
	go func() {
		defer close(read)
		if v == visible {
			line, readErr = readLine(tty)
			return
		}
		var b []byte
		b, readErr = term.ReadPassword(fd)
		line = string(b)
	}()
	select {
	case <-read:
		return line, readErr
	case <-u.ctx.Done():
		return "", errors.Join(u.ctx.Err(), term.Restore(fd, before))
	}
}

// readLine reads a line, byte by byte so that it takes no more than that.
func readLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) < maxSettingFile {
		n, err := r.Read(b)
		if n == 0 && (err == io.EOF || err == nil) {
			err = io.ErrUnexpectedEOF
		}
		if n == 0 {
			return "", err
		}
		if b[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, b[0])
	}
	return "", errors.New("the line is too long")
}

// printable returns s, which a stranger wrote, without what a terminal would obey rather than show: control
// characters, but for new lines and tabs, and marks that reorder what stands around them.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// printableLine is printable for what must stay on one line, such as a name.
func printableLine(s string) string {
	return strings.NewReplacer("\n", "\ufffd", "\t", "\ufffd").Replace(printable(s))
}
