package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/media"
)

const sendMore = `
The metadata is taken out of every file first, and what that was is said; then each file is
sealed for the recipients alone. What cannot be cleaned is not sent, unless you say --as-is.
Recipients see a plain name such as photo.jpg, unless you say --keep-names. When --ttl is
up, all of it is gone from the server, and from the recipients' Mayfly; not what they saved.
If it breaks off, the same command goes on where it stopped, for a day.
`

// sendCommand sends files and a message.
type sendCommand struct {
	homeFlags
	to             []string
	ttl, afterRead time.Duration
	message        string
	asIs           bool
	keepNames      bool
	fresh          bool
}

func (c *sendCommand) settings() []setting {
	return append([]setting{
		{name: "to", arg: "NAME[,NAME]", help: "to whom: names of contacts", value: list(&c.to)},
		{name: "ttl", arg: "DURATION", help: "how long it lives, such as 10s, 36h or 7d", otherwise: "what the server suggests", value: duration(&c.ttl, 0)},
		{name: "after-read", arg: "DURATION", help: "forget it so long after it was first shown", value: duration(&c.afterRead, 0)},
		{name: "message", short: "m", arg: "TEXT", help: "words to go with it", value: text(&c.message, "")},
		{name: "as-is", help: "send the files untouched, with all that they tell", value: toggle(&c.asIs)},
		{name: "keep-names", help: "tell the recipients the names of the files", value: toggle(&c.keepNames)},
		{name: "new", help: "begin anew, even if the same was broken off before", value: toggle(&c.fresh)},
	}, c.homeFlags.settings()...)
}

func (c *sendCommand) run(ctx context.Context, u *ui, args []string) error {
	switch {
	case len(c.to) == 0:
		return usagef("to whom? --to NAME is missing")
	case len(args) == 0 && c.message == "":
		return usagef("there is nothing to send: name a file, or say something with -m")
	}
	return c.with(u, func(cl *client.Client) error {
		parcel, err := c.pack(u, args)
		defer parcel.close()
		if err != nil {
			return err
		}
		return c.send(ctx, u, cl, parcel)
	})
}

func (c *sendCommand) send(ctx context.Context, u *ui, cl *client.Client, parcel *parcel) error {
	opts, done := c.options(u, parcel)
	sent, err := cl.Send(ctx, client.Outgoing{
		To: c.to, Text: c.message, Files: parcel.files, TTL: c.ttl, After: c.afterRead, AsIs: c.asIs,
	}, opts)
	done()
	if err != nil {
		return err
	}
	u.say("sent to %s; it goes at %s, in %s", strings.Join(c.to, " and "), clockTime(sent.At), roughly(secondsUntil(cl, sent.At)))
	return nil
}

// options returns how to send, and what to call when that has ended.
func (c *sendCommand) options(u *ui, p *parcel) (*client.SendOptions, func()) {
	opts := new(client.SendOptions)
	if !c.fresh {
		opts.Resume = c.resume(p)
	}
	var bar *progress
	current := -1
	opts.Progress = func(i int, sent, total int64) {
		if i != current {
			bar.done()
			bar, current = u.progress(p.paths[i]), i
		}
		bar.update(sent, total)
	}
	return opts, func() { bar.done() }
}

// resume names this message by all that makes it what it is, so that the same command goes on with it.
func (c *sendCommand) resume(p *parcel) string {
	name := struct {
		Paths, To, Stamps []string
		Text              string
		TTL, After        time.Duration
		AsIs, KeepNames   bool
	}{p.absolute, slices.Sorted(slices.Values(c.to)), nil, c.message, c.ttl, c.afterRead, c.asIs, c.keepNames}
	for _, f := range p.files {
		name.Stamps = append(name.Stamps, fmt.Sprint(f.Size, f.ModTime.UnixNano()))
	}
	b, err := json.Marshal(name)
	if err != nil {
		panic("cli: internal error: " + err.Error()) // strings and numbers marshal
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// A parcel is the files of a message, open.
type parcel struct {
	paths    []string // as the person named them
	absolute []string
	files    []client.File
	open     []*os.File
}

func (p *parcel) close() {
	for _, f := range p.open {
		f.Close()
	}
}

// pack opens the files, and says what each tells. Every one is looked at before anything is sent.
func (c *sendCommand) pack(u *ui, paths []string) (*parcel, error) {
	p := &parcel{paths: paths}
	for _, path := range paths {
		if err := p.add(path); err != nil {
			return p, err
		}
	}
	for i := range p.files {
		if err := c.examine(u, p, i); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p *parcel) add(path string) error {
	if path == "-" {
		return withHint(usagef("standard input cannot be read again, should the sending break off"), "put it into a file")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return withHint(usagef("%s is a folder", path), "name the files in it")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return err
	}
	file, f, err := client.OpenFile(path)
	if err != nil {
		return err
	}
	p.open = append(p.open, f)
	p.absolute = append(p.absolute, abs)
	p.files = append(p.files, file)
	return nil
}

// examine says what is taken out of a file, or what it tells where it is sent as it is, and names it for the
// recipients.
func (c *sendCommand) examine(u *ui, p *parcel, i int) error {
	path, file := p.paths[i], &p.files[i]
	if c.keepNames {
		file.Name = filepath.Base(path)
	}
	in := &input{file.Content, nil, path, file.Size}
	if !c.asIs {
		f, err := media.Strip(file.Content, file.Size, nil)
		if err != nil {
			return withHint(fmt.Errorf("%s: %w", path, err), "nothing was sent; to send it as it is, with all that it tells: mayfly send --as-is")
		}
		u.sayRemoved(in, f)
		return nil
	}
	if told := toldBy(in, in.size); told != "" {
		u.warn("%s: sent as it is; it tells: %s", path, told)
	} else {
		u.warn("%s: sent as it is, with all that it tells", path)
	}
	if file.Name == "" {
		file.Name = plainName(file, path)
	}
	return nil
}

// plainName returns a name for a file that is sent as it is. Of its own name it keeps the ending at most, without which
// nobody could open it.
func plainName(file *client.File, path string) string {
	if f := formatOf(&input{file.Content, nil, path, file.Size}); f != 0 {
		return media.SafeName(f)
	}
	ext := strings.ToLower(filepath.Ext(path))
	odd := func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.') }
	if len(ext) > 6 || strings.ContainsFunc(ext, odd) || ext == "." {
		return "file"
	}
	return "file" + ext
}

// clockTime returns a time in Unix seconds as people here write it.
func clockTime(at int64) string { return time.Unix(at, 0).Format("2006-01-02 15:04:05") }

// secondsUntil returns how long it is until at, by the clock of the server.
func secondsUntil(cl *client.Client, at int64) time.Duration {
	return time.Duration(max(0, at-cl.Ring.Now())) * time.Second
}
