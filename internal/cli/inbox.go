package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/media/inspect"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const inboxMore = `
Each message is shown once: its text, and the path of each file that was saved, a line each.
Files go into DIR, which is mayfly-inbox where you are unless you say otherwise; none is
overwritten. Who wrote, and what is odd, is said on standard error. With --json each message
is a line, an object {id, from, verified, sent, expires, text, files}, with files of {path,
bytes, type, as_is} and times as in 2026-01-31T12:00:00Z. With --watch it goes on until it
is interrupted.
`

const inboxFolder = "mayfly-inbox"

// inboxCommand receives messages.
type inboxCommand struct {
	homeFlags
	output string
	json   bool
	watch  bool

	announced map[string]bool // requests
}

func (c *inboxCommand) settings() []setting {
	return append([]setting{
		{name: "output", short: "o", arg: "DIR", help: "where to save files", value: text(&c.output, inboxFolder)},
		{name: "json", help: "print a JSON object for each message", value: toggle(&c.json)},
		{name: "watch", help: "wait for more, until interrupted", value: toggle(&c.watch)},
	}, c.homeFlags.settings()...)
}

func (c *inboxCommand) run(ctx context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	c.announced = make(map[string]bool)
	return c.with(u, func(cl *client.Client) error {
		if c.watch {
			return c.watchInbox(ctx, u, cl)
		}
		return c.once(ctx, u, cl)
	})
}

func (c *inboxCommand) once(ctx context.Context, u *ui, cl *client.Client) error {
	if _, err := cl.Receive(ctx, 0); err != nil {
		return err
	}
	shown, err := c.show(ctx, u, cl)
	if err == nil && shown == 0 {
		u.say("nothing new")
	}
	return err
}

// watchPause is how long to wait after a failure that may pass.
const watchPause = 5 * time.Second

// watchInbox shows messages as they come, until ctx ends.
func (c *inboxCommand) watchInbox(ctx context.Context, u *ui, cl *client.Client) error {
	wait := time.Duration(0)
	for {
		err := c.watchOnce(ctx, u, cl, wait)
		if ctx.Err() != nil {
			return nil
		}
		wait = wire.MaxWait
		if err == nil {
			continue
		}
		if lasting(err) && !errors.Is(err, client.ErrGone) {
			return err
		}
		u.warn("%s", plain(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchPause):
		}
	}
}

func (c *inboxCommand) watchOnce(ctx context.Context, u *ui, cl *client.Client, wait time.Duration) error {
	if _, err := cl.Forget(); err != nil {
		return err
	}
	if _, err := cl.Receive(ctx, wait); err != nil {
		return err
	}
	_, err := c.show(ctx, u, cl)
	return err
}

// show shows what was not shown yet. A message whose files do not arrive is left for another time.
func (c *inboxCommand) show(ctx context.Context, u *ui, cl *client.Client) (shown int, err error) {
	messages, err := cl.Unshown()
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, m := range messages {
		err := c.showOne(ctx, u, cl, m)
		if ctx.Err() != nil {
			return shown, err
		}
		if err != nil {
			err = fmt.Errorf("a message from %s: %w", m.From.Name, err)
		}
		errs = append(errs, err)
		shown++
	}
	errs = append(errs, c.announce(u, cl))
	return shown, errors.Join(errs...)
}

// announce says who wrote that is no contact, once each.
func (c *inboxCommand) announce(u *ui, cl *client.Client) error {
	requests, err := cl.Requests()
	for _, r := range requests {
		if !c.announced[r.Name] {
			c.announced[r.Name] = true
			u.say("somebody you do not know wrote; to accept: mayfly contact add NAME %s", r.Name)
		}
	}
	return err
}

// A messageLine is the promise of "inbox --json".
type messageLine struct {
	ID       string     `json:"id"`
	From     string     `json:"from"`
	Verified bool       `json:"verified"`
	Sent     string     `json:"sent"`
	Expires  string     `json:"expires"`
	Text     string     `json:"text"`
	Files    []fileLine `json:"files"`
}

type fileLine struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Type  string `json:"type"`
	AsIs  bool   `json:"as_is"`
}

// showOne saves the files of a message, prints it, and remembers that it was shown. What is gone stays gone: such a
// message is shown without it.
func (c *inboxCommand) showOne(ctx context.Context, u *ui, cl *client.Client, m *client.Received) error {
	line := messageLine{
		ID: m.ID, From: m.From.Name, Verified: m.From.Verified, Sent: isoTime(m.Sent), Expires: isoTime(m.At),
		Text: m.Text, Files: []fileLine{},
	}
	var gone error
	for i, a := range m.Attachments {
		saved, err := c.save(ctx, u, cl, m, i)
		if err != nil {
			err = fmt.Errorf("%s: %w", a.Name, err)
		}
		switch {
		case errors.Is(err, client.ErrGone):
			gone = errors.Join(gone, err)
		case err != nil:
			return err
		default:
			line.Files = append(line.Files, fileLine{saved.Path, saved.Bytes, saved.Type, saved.AsIs})
		}
	}
	if err := c.print(u, m, &line); err != nil {
		return err
	}
	return errors.Join(cl.Shown(m), gone)
}

func isoTime(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

// save saves file i of a message in the folder, and warns of what it tells.
func (c *inboxCommand) save(ctx context.Context, u *ui, cl *client.Client, m *client.Received, i int) (*client.Saved, error) {
	bar := u.progress(m.Attachments[i].Name)
	defer bar.done()
	saved, err := cl.Save(ctx, m, i, c.output, bar.update)
	if err != nil {
		return nil, err
	}
	if saved.Warning != nil {
		u.warn("%s: %s", saved.Path, plain(saved.Warning))
	}
	if told := toldByFile(saved.Path); told != "" {
		u.warn("%s: it tells: %s", saved.Path, told)
	}
	return saved, nil
}

// toldByFile returns what the file at path tells, if that is anything.
func toldByFile(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	tags, _ := inspect.Read(f, info.Size()) // most files are of no format that it knows
	if !sensitive(tags) {
		return ""
	}
	return printableLine(inspect.Summary(tags))
}

// print prints a message: data for who reads standard output, and who wrote it for people.
func (c *inboxCommand) print(u *ui, m *client.Received, line *messageLine) error {
	if c.json {
		return u.printJSON(line)
	}
	who := m.From.Name
	if !m.From.Verified {
		who += " (not verified)"
	}
	u.say("from %s, sent %s, goes %s", who, clockTime(m.Sent), clockTime(m.At))
	if m.Text != "" {
		u.print("%s\n", printable(m.Text))
	}
	for _, f := range line.Files {
		u.print("%s\n", f.Path)
	}
	return nil
}
