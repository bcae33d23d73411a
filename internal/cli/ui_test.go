package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/media"
)

// pipes returns an Env without a terminal, and what it writes.
func pipes(stdin string, env map[string]string) (e Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return Env{
		Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: stderr,
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}, stdout, stderr
}

func TestExitCodes(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("photo.jpg: %w", err) }
	for _, row := range []struct {
		name string
		err  error
		code int
		hint bool
	}{
		{"nothing went wrong", nil, exitDone, false},
		{"anything else failed", errors.New("disk on fire"), exitFailed, false},
		{"a usage error", usagef("which file?"), exitUsage, false},
		{"a usage error inside another", withHint(wrapped(usagef("which file?")), "help"), exitUsage, true},
		{"gone", wrapped(client.ErrGone), exitGone, false},
		{"an unknown format", wrapped(media.ErrUnsupported), exitMetadata, false},
		{"a broken file", wrapped(&media.FormatError{Format: media.JPEG, Reason: "cut off"}), exitMetadata, false},
		{"metadata that the client met", wrapped(fmt.Errorf("%w: %w", client.ErrMetadata, media.ErrUnsupported)), exitMetadata, false},
		{"tampered with", wrapped(client.ErrTampered), exitTampered, false},
		{"a forged message", wrapped(chat.ErrForged), exitTampered, false},
		{"another server", wrapped(client.ErrServerKey), exitTampered, true},
		{"what does not authenticate is worse than what is gone", errors.Join(client.ErrGone, client.ErrTampered), exitTampered, false},
		{"no home", wrapped(keyring.ErrNoHome), exitFailed, true},
		{"a wrong passphrase", wrapped(keyring.ErrPassphrase), exitFailed, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := exitCode(row.err); got != row.code {
				t.Errorf("the exit code is %d, want %d", got, row.code)
			}
			if row.err != nil && (hintFor(row.err) != "") != row.hint {
				t.Errorf("the hint is %q", hintFor(row.err))
			}
		})
	}
}

func TestAFailureIsOneLine(t *testing.T) {
	env, stdout, stderr := pipes("", nil)
	u := newUI(t.Context(), env)
	u.fail(withHint(errors.Join(errors.New("client: one"), errors.New("media: two\x1b[31m")), "try three"))
	const want = "mayfly: error: one; two\ufffd[31m\nmayfly: hint: try three\n"
	if got := stderr.String(); got != want || stdout.Len() > 0 {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestErrorsDoNotNamePackages(t *testing.T) {
	for in, want := range map[string]string{
		"media: unsupported format":                    "unsupported format",
		"photo.jpg: client: no: media: JPEG: cut off":  "photo.jpg: no: JPEG: cut off",
		"the storage: s3: open: dial tcp":              "the storage: dial tcp",
		"client: one\nserver: the state: media: two\n": "one; the state: two",
		"two hosts:\n\tone: no\n\ttwo: no":             "two hosts: one: no; two: no",
		"media":                                        "media",
		"":                                             "",
	} {
		if got := plain(errors.New(in)); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWhatStrangersWriteDoesNotReachTheTerminalRaw(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ünïcode 🙂":   "plain text, ünïcode 🙂",
		"two\nlines\tand a tab":   "two\nlines\tand a tab",
		"\x1b]0;title\a\x1b[2J":   "\ufffd]0;title\ufffd\ufffd[2J",
		"back\b\b\rforth":         "back\ufffd\ufffd\ufffdforth",
		"\u009b31m":               "\ufffd31m",
		"photo\u202egpj.exe":      "photo\ufffdgpj.exe",
		"new\u2028line\u2029":     "new\ufffdline\ufffd",
		"broken \xff\xfe letters": "broken \ufffd\ufffd letters",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printableLine("a\nb\tc"); got != "a\ufffdb\ufffdc" {
		t.Errorf("printableLine keeps %q", got)
	}
}

func TestWithoutATerminalNobodyIsAsked(t *testing.T) {
	env, _, stderr := pipes("yes\n", nil)
	u := newUI(t.Context(), env)
	if _, err := u.ask("sure? ", visible); !errors.Is(err, errNoTerminal) {
		t.Errorf("the error is %v, want errNoTerminal", err)
	}
	if bar := u.progress("photo.jpg"); bar != nil {
		t.Error("there is a progress bar without a terminal")
	}
	var none *progress
	none.update(1, 2)
	none.done()
	if stderr.Len() > 0 {
		t.Errorf("it says %q", stderr)
	}
}

func TestProgressGivesWayToTalk(t *testing.T) {
	env, stdout, stderr := pipes("", nil)
	u := newUI(t.Context(), env)
	u.bar = &progress{u: u, what: "photo.jpg"}
	u.bar.update(1<<20, 4<<20)
	u.say("hello")
	u.print("data\n")
	u.bar.done()
	const bar = "mayfly: photo.jpg [######..................]  25 % of 4 MiB"
	want := "\r" + bar + "\r" + strings.Repeat(" ", len(bar)) + "\rmayfly: hello\n"
	if got := stderr.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if stdout.String() != "data\n" || u.bar != nil {
		t.Errorf("standard output has %q", stdout)
	}
}

func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	env, _, stderr := pipes("", nil)
	env.Stdout = fullDisk{}
	if code := Run(t.Context(), []string{"version"}, env); code != exitFailed {
		t.Errorf("the exit code is %d, want %d", code, exitFailed)
	}
	if !strings.Contains(stderr.String(), "error: standard output: no space") {
		t.Errorf("it says %q", stderr)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestAnInterruptedRunSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	env, _, stderr := pipes("", nil)
	if code := Run(ctx, []string{"inspect", "setting.go"}, env); code != exitFailed {
		t.Errorf("the exit code is %d, want %d", code, exitFailed)
	}
	if got := stderr.String(); got != "mayfly: error: interrupted\n" {
		t.Errorf("it says %q", got)
	}
}

func TestAFirstLineComesFromStandardInput(t *testing.T) {
	for in, want := range map[string]string{
		"invite\n": "invite", "invite": "invite", "  invite \r\nmore\n": "invite", "": "", "\nlate\n": "",
	} {
		env, _, _ := pipes(in, nil)
		got, err := newUI(t.Context(), env).wordOrStdin("-", "invite")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("of %q it is %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := readLine(io.LimitReader(endless{}, 1<<30)); err == nil {
		t.Error("a line without end is taken")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
