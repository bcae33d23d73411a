//go:build !js

package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/media"
)

// upload stores a photo, without its metadata, and returns what to put into a message.
func upload(ctx context.Context, ring *keyring.Ring, path string) ([]byte, error) {
	c := &client.Client{Ring: ring}
	file, closer, err := client.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	a, err := c.Upload(ctx, file, &client.UploadOptions{TTL: 24 * time.Hour})
	if err != nil {
		return nil, err
	}
	return a.Encode()
}

// download writes the file that a message brought to out.
func download(ctx context.Context, secret []byte, out *os.File) error {
	a, err := chat.ParseAttachment(secret)
	if err != nil {
		return err
	}
	c := &client.Client{Ring: keyring.Memory()}
	return c.Fetch(ctx, &a, out, nil)
}

// join makes a home, and an identity at the server of an invite.
func join(ctx context.Context, dir, keyFile, invite string) (*keyring.Ring, error) {
	ring, err := keyring.Create(dir, keyring.KeyFile(keyFile))
	if err != nil {
		return nil, err
	}
	c := &client.Client{Ring: ring}
	if err := c.Enrol(ctx, invite); err != nil {
		ring.Close()
		return nil, err
	}
	return ring, nil
}

// read receives messages until ctx ends.
func read(ctx context.Context, c *client.Client, dir string) error {
	for {
		if _, err := c.Forget(); err != nil { // before anything else
			return err
		}
		if _, err := c.Receive(ctx, 25*time.Second); err != nil {
			return err
		}
		messages, err := c.Unshown()
		if err != nil {
			return err
		}
		for _, m := range messages {
			fmt.Printf("%s: %s\n", m.From.Name, m.Text)
			for i := range m.Attachments {
				if _, err := c.Save(ctx, m, i, dir, nil); err != nil {
					return err
				}
			}
			if err := c.Shown(m); err != nil {
				return err
			}
		}
	}
}

// TestExamplesWork runs what stands above.
func TestExamplesWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	ring, err := join(t.Context(), filepath.Join(dir, "home"), filepath.Join(dir, "key"), w.invite())
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	photo := filepath.Join("..", "media", "testdata", "camera.jpg")
	secret, err := upload(t.Context(), ring, photo)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := download(t.Context(), secret, out); err != nil {
		t.Fatal(err)
	}
	info, err := out.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := media.Verify(out, info.Size()); err != nil {
		t.Errorf("what came out of %d bytes is no clean photo: %v", info.Size(), err)
	}

	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello"}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(2*time.Second, cancel)
	if err := read(ctx, bob, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("the loop ended with %v", err)
	}
	if list := receive(t, bob); len(list) != 0 {
		t.Errorf("%d messages were not shown", len(list))
	}
}

// TestDocumentShowsTheseExamples reads docs/EMBED.md: the Go code in it stands above, and compiles.
func TestDocumentShowsTheseExamples(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "docs", "EMBED.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(document, -1)
	if len(blocks) < 3 {
		t.Fatalf("the page has %d pieces of Go", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(string(source), string(block[1])) {
			t.Errorf("this stands in EMBED.md only:\n%s", block[1])
		}
	}
}
