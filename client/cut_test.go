//go:build !js

package client_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

// cuts runs a story once for each request that it makes, and each side of it: there the line is cut, and story finds it
// healed when it calls the second time. It is to return whether the first call got through.
func cuts(t *testing.T, story func(t *testing.T, line *scissors) (through bool)) {
	for _, side := range []struct {
		name   string
		behind bool
	}{
		{"the request is lost", false},
		{"the answer is lost", true},
	} {
		t.Run(side.name, func(t *testing.T) {
			for n, through := 1, false; !through; n++ {
				if n > 100 {
					t.Fatal("a hundred requests, and no end")
				}
				line := &scissors{at: n, behind: side.behind}
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					through = true // also if it fails: one report is enough
					through = story(t, line)
					if len(line.again) > 0 {
						t.Errorf("after a cut in %s these were sent again: %q", line.what, line.again)
					}
				})
			}
		})
	}
}

// TestEnrolGoesOnAfterEveryCut enrols with one invite, whatever is lost on the way.
func TestEnrolGoesOnAfterEveryCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	friend := w.person()
	people := 1
	cuts(t, func(t *testing.T, line *scissors) bool {
		line.Transport = w.transport
		ring, invite := keyring.Memory(), w.invite()
		err := w.process(ring, line).Enrol(t.Context(), invite)
		through := err == nil
		people++
		line.heal()
		c := w.process(ring, line)
		if err := c.Enrol(t.Context(), invite); !through && err != nil {
			t.Fatalf("after a cut in %s: %v", line.what, err)
		}
		stats, err := w.db.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stats.QuotaKeys != people || stats.Mailboxes != people || stats.Locators != people {
			t.Errorf("after a cut in %s, %d people have %d keys, %d mailboxes and %d locators", line.what, people,
				stats.QuotaKeys, stats.Mailboxes, stats.Locators)
		}
		name := fmt.Sprintf("friend%d", people)
		know(t, friend, name, c)
		if _, err := friend.Send(t.Context(), client.Outgoing{To: []string{name}, Text: "welcome"}, nil); err != nil {
			t.Errorf("after a cut in %s nobody can write to them: %v", line.what, err)
		}
		if _, err := c.Receive(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if requests, err := c.Requests(); err != nil || len(requests) != 1 {
			t.Errorf("after a cut in %s, %d messages arrived: %v", line.what, len(requests), err)
		}
		return through
	})
}

// TestUploadGoesOnAfterEveryCut uploads a file of four parts.
func TestUploadGoesOnAfterEveryCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := randomBytes(3<<20 + 5)
	done := 0
	cuts(t, func(t *testing.T, line *scissors) bool {
		line.Transport = w.transport
		c := w.person()
		upload := func() (*chat.Attachment, error) {
			return w.process(c.Ring, line).Upload(t.Context(), file(content), &client.UploadOptions{
				AsIs: true, TTL: 50 * time.Minute, Resume: "one",
			})
		}
		a, err := upload()
		through := err == nil
		if !through {
			line.heal()
			laterIfCommitted(line)
			if a, err = upload(); err != nil {
				t.Fatalf("after a cut in %s: %v", line.what, err)
			}
		}
		done++
		if all, open := w.blobs(); all != done || open != 0 {
			t.Errorf("after a cut in %s there are %d blobs for %d files, and %d were never committed", line.what, all, done, open)
		}
		if !bytes.Equal(fetch(t, c, a), content) {
			t.Errorf("after a cut in %s another file arrived", line.what)
		}
		return through
	})
}

// laterIfCommitted waits until the clock shows another second, where it matters: a second run must not choose another time
// for what is committed.
func laterIfCommitted(line *scissors) {
	if strings.HasSuffix(line.what, "/commit") {
		time.Sleep(1100 * time.Millisecond)
	}
}

// TestSendGoesOnAfterEveryCut sends two files to two people. Each gets one message.
func TestSendGoesOnAfterEveryCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob, carol := w.person(), w.person()
	first, second := randomBytes(1<<20+5), randomBytes(1000)
	done := 0
	cuts(t, func(t *testing.T, line *scissors) bool {
		line.Transport = w.transport
		alice := w.person()
		know(t, alice, "bob", bob)
		know(t, alice, "carol", carol)
		name := fmt.Sprintf("alice%d%t", line.at, line.behind)
		know(t, bob, name, alice)
		know(t, carol, name, alice)
		send := func() (*client.Sent, error) {
			return w.process(alice.Ring, line).Send(t.Context(), client.Outgoing{
				To: []string{"bob", "carol"}, Text: "look", Files: []client.File{file(first), file(second)}, AsIs: true,
				TTL: 50 * time.Minute,
			}, &client.SendOptions{Resume: "one"})
		}
		_, err := send()
		through := err == nil
		if !through {
			line.heal()
			laterIfCommitted(line)
			if _, err := send(); err != nil {
				t.Fatalf("after a cut in %s: %v", line.what, err)
			}
		}
		done += 2
		if all, open := w.blobs(); all != done || open != 0 {
			t.Errorf("after a cut in %s there are %d blobs for %d files, and %d were never committed", line.what, all, done, open)
		}
		for _, c := range []*client.Client{bob, carol} {
			messages := receive(t, c)
			if len(messages) != 1 || len(messages[0].Attachments) != 2 {
				t.Fatalf("after a cut in %s %d messages arrived", line.what, len(messages))
			}
			for i, content := range [][]byte{first, second} {
				if !bytes.Equal(fetch(t, c, messages[0].Attachments[i]), content) {
					t.Errorf("after a cut in %s another file arrived", line.what)
				}
			}
			if err := c.Shown(messages[0]); err != nil {
				t.Fatal(err)
			}
		}
		return through
	})
}

// TestReceiveGoesOnAfterEveryCut reads a mailbox with two messages. Each is there once.
func TestReceiveGoesOnAfterEveryCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.person()
	cuts(t, func(t *testing.T, line *scissors) bool {
		line.Transport = w.transport
		bob := w.person()
		name := fmt.Sprintf("bob%d%t", line.at, line.behind)
		know(t, bob, "alice", alice)
		know(t, alice, name, bob)
		for _, words := range []string{"one", "two"} {
			if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{name}, Text: words}, nil); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.process(bob.Ring, line).Receive(t.Context(), 0)
		through := err == nil
		line.heal()
		bob = w.process(bob.Ring, line)
		var words []string
		for _, m := range receive(t, bob) {
			words = append(words, m.Text)
		}
		slices.Sort(words) // within a second the order is not known
		if !slices.Equal(words, []string{"one", "two"}) {
			t.Errorf("after a cut in %s these arrived: %q", line.what, words)
		}
		stats, err := w.db.Stats(t.Context())
		if err != nil || stats.Envelopes != 0 {
			t.Errorf("after a cut in %s %d envelopes stay at the server: %v", line.what, stats.Envelopes, err)
		}
		return through
	})
}
