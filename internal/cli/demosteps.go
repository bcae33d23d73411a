package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/media/inspect"
)

func (d *demo) clean(context.Context) error {
	told := toldBy(d.photo, d.photo.size)
	if told == "" {
		told = "nothing that we can read"
	}
	d.u.print("Alice has %s, %s. As it is, it tells: %s.\n", d.photo.name, formatSize(d.photo.size), told)
	if kinds := removedKinds(d.stripped); len(kinds) > 0 {
		d.u.print("   Taken out before anything is sent: %s.\n", strings.Join(kinds, ", "))
	}
	d.u.print("   The picture itself stays as it was, bit for bit: %s.\n", formatSize(d.stripped.Size()))
	if err := media.Verify(d.stripped, d.stripped.Size()); err != nil {
		return d.untrue("the file is clean", err)
	}
	tags, err := inspect.Read(d.stripped, d.stripped.Size())
	if err != nil || sensitive(tags) {
		return d.untrue("the clean file tells nothing", err)
	}
	return nil
}

func (d *demo) send(ctx context.Context) error {
	bar := d.u.progress(d.photo.name)
	defer bar.done()
	_, err := d.alice.Send(ctx, client.Outgoing{
		To: []string{"bob"}, Text: demoText, TTL: d.ttl,
		Files: []client.File{{Content: d.photo, Size: d.photo.size}},
	}, &client.SendOptions{Progress: func(_ int, sent, total int64) { bar.update(sent, total) }})
	if err != nil {
		return err
	}
	d.u.print("Alice sends it to Bob, with the words %q, to live for %s.\n", demoText, formatDuration(d.ttl))
	d.u.print("   It is sealed on her side, under a key that travels inside a sealed message.\n")
	return nil
}

const demoText = "look where I am today"

// look searches all that the server has for the photo.
func (d *demo) look(ctx context.Context) error {
	s, err := d.host.db.Stats(ctx)
	if err != nil {
		return err
	}
	if s.Blobs != 1 || s.Envelopes != 1 {
		return d.untrue(fmt.Sprintf("the server holds one file and one message, not %d and %d", s.Blobs, s.Envelopes), nil)
	}
	d.probes = newProbes(d.photo, d.stripped, demoText, "alice", "bob")
	found, files, err := searchFolder(d.folder("server"), d.probes)
	if err != nil {
		return err
	}
	d.u.print("The server now holds %s of %s and %s, sealed.\n", plural(s.Blobs, "file"), formatSize(s.BytesUsed), plural(s.Envelopes, "message"))
	if len(found) > 0 {
		return d.untrue("nothing of the photo can be read there", errors.New(strings.Join(found, ", ")))
	}
	d.u.print("   In all its %d files there is none of %s that we looked for: of the photo,\n"+
		"   of what it told, of the words, and of the names.\n", files, plural(len(d.probes), "piece"))
	return nil
}

func (d *demo) receive(ctx context.Context) error {
	if _, err := d.bob.Receive(ctx, 0); err != nil {
		return err
	}
	messages, err := d.bob.Unshown()
	if err != nil {
		return err
	}
	if len(messages) != 1 || len(messages[0].Attachments) != 1 || messages[0].Text != demoText {
		return d.untrue("Bob receives what Alice sent", nil)
	}
	d.received = messages[0]
	d.blob = *d.received.Attachments[0]
	bar := d.u.progress(d.photo.name)
	d.saved, err = d.bob.Save(ctx, d.received, 0, d.folder("got"), bar.update)
	bar.done()
	if err != nil {
		return err
	}
	if d.saved.Warning != nil {
		return d.untrue("what Bob received is clean", d.saved.Warning)
	}
	if err := d.compare(); err != nil {
		return err
	}
	d.u.print("Bob receives the words and %s, %s, the same bytes that Alice sealed.\n", filepath.Base(d.saved.Path), formatSize(d.saved.Bytes))
	d.u.print("   His Mayfly looked at it again: it tells nothing but itself.\n")
	return nil
}

// compare compares what bob has with what alice sealed.
func (d *demo) compare() error {
	f, err := os.Open(d.saved.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := sameBytes(f, io.NewSectionReader(d.stripped, 0, d.stripped.Size()))
	if err != nil || !same {
		return d.untrue("Bob has what Alice sealed", err)
	}
	return nil
}

// goneTime is how long after its time a trace of a file may be on the disk of a server that is well: the longest sleep
// of the reaper, and some more.
const goneTime = 20 * time.Second

func (d *demo) expire(ctx context.Context) error {
	wait := secondsUntil(d.bob, d.received.At)
	d.u.print("Now its time runs out, in %s …\n", formatDuration(wait))
	if err := pause(ctx, wait); err != nil {
		return err
	}
	again := client.Client{Ring: d.bob.Ring, Transport: d.bob.Transport, Retry: -1}
	if err := again.Fetch(ctx, &d.blob, discard{}, nil); !errors.Is(err, client.ErrGone) {
		return d.untrue("the server refuses to give it out", err)
	}
	d.u.print("   Bob asks for it once more, with all the keys he was given: it is gone.\n")
	if err := d.forgotten(); err != nil {
		return err
	}
	return d.removed(ctx)
}

// forgotten checks that the homes remember nothing of the message.
func (d *demo) forgotten() error {
	for _, c := range []*client.Client{d.alice, d.bob} {
		if _, err := c.Forget(); err != nil {
			return err
		}
	}
	left, err := d.bob.Unshown()
	if err != nil || len(left) > 0 {
		return d.untrue("Bob's Mayfly has forgotten the message", err)
	}
	for _, name := range []string{"alice", "bob"} {
		found, _, err := searchFolder(d.folder(name), d.probes)
		if err != nil || len(found) > 0 {
			return d.untrue("nothing of it is in the home of "+name, errors.Join(err, errors.New(strings.Join(found, ", "))))
		}
	}
	d.u.print("   Their Mayflies have destroyed the keys and forgotten the message. Bob has the copy that he saved.\n")
	return nil
}

// removed waits until the server has removed the object and every trace of the row.
func (d *demo) removed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goneTime)
	defer cancel()
	trace := []probe{{"the id of the file", d.blob.Blob[:]}}
	for {
		swept, err := d.server.Sweep(ctx, true) // only to count
		if err != nil {
			return d.untrue("the server has removed it in time", err)
		}
		found, files, err := searchFolder(d.folder("server"), trace)
		if err != nil {
			return err
		}
		s, err := d.host.db.Stats(ctx)
		if err != nil {
			return err
		}
		if swept.Objects == 0 && len(found) == 0 && s.Blobs+s.Envelopes+s.Outbox == 0 {
			d.u.print("   The server has removed it: no sealed file, no message, and in its %d files no trace of the row.\n", files)
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return d.untrue("the server has removed it in time", err)
		}
	}
}

// untrue says that something that the demo claims is not so.
func (d *demo) untrue(claim string, err error) error {
	if err == nil {
		return fmt.Errorf("it is not so that %s", claim)
	}
	return fmt.Errorf("it is not so that %s: %w", claim, err)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// discard is an io.WriterAt that forgets.
type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// sameBytes reports whether two readers give the same.
func sameBytes(a, b io.Reader) (bool, error) {
	x, y := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !slices.Equal(x[:n], y[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			return errA == errB && (errA == io.EOF || errA == io.ErrUnexpectedEOF), nil
		}
	}
}
