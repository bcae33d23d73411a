//go:build !js

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

// edit changes a record of c that is JSON behind a version.
func edit(t *testing.T, c *client.Client, kind, id string, change func(rec map[string]any)) {
	t.Helper()
	value, ok := c.Ring.Get(kind, id)
	if !ok {
		t.Fatalf("there is no %s %s", kind, id)
	}
	rec := make(map[string]any)
	if err := json.Unmarshal(value[1:], &rec); err != nil {
		t.Fatal(err)
	}
	change(rec)
	text, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	bucket, _, _ := c.Ring.At(kind, id)
	if err := c.Ring.Put(bucket, kind, id, append(value[:1:1], text...)); err != nil {
		t.Fatal(err)
	}
}

// TestMessageWaitsWhileItsSenderCannotBeLookedUp has bob forget what he knew of alice's manifest, so that he has to look
// it up to verify what she writes. Whatever keeps him from that, her message is not lost.
func TestMessageWaitsWhileItsSenderCannotBeLookedUp(t *testing.T) {
	for _, row := range []struct {
		name string
		resp *client.Response
		err  error
	}{
		{"the network is gone", nil, errCut},
		{"a proxy says that her server is down", &client.Response{Status: 502, Body: []byte("<html>Bad Gateway")}, nil},
		{"her server has no database", &client.Response{Status: 503, Body: []byte(`{"code":"unavailable","status":503}`)}, nil},
		{"too many requests", &client.Response{Status: 429, Body: []byte(`{"code":"rate_limit","status":429}`)}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			alice, bob := w.person(), w.person()
			meet(t, alice, bob)
			if _, err := bob.Send(t.Context(), client.Outgoing{To: []string{"alice"}, Text: "hello"}, nil); err != nil {
				t.Fatal(err)
			}
			receive(t, alice)
			// She has heard from him and introduces herself no more.
			edit(t, alice, "contact", "bob", func(rec map[string]any) { rec["Heard"] = time.Now().Unix() + 3600 })
			if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello back"}, nil); err != nil {
				t.Fatal(err)
			}
			edit(t, bob, "contact", "alice", func(rec map[string]any) { delete(rec, "Manifest") })
			asked := false
			bob.Transport = wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
				if strings.Contains(req.URL, "/v1/locators/") {
					asked = true
					return row.resp, row.err
				}
				return w.transport.Do(ctx, req)
			}}
			if list := receive(t, bob); len(list) != 0 || !asked {
				t.Fatalf("the test is none: %d messages, asked %t", len(list), asked)
			}
			bob.Transport = w.transport
			if list := receive(t, bob); len(list) != 1 || list[0].Text != "hello back" {
				t.Errorf("when she could be looked up again, %d messages arrived", len(list))
			}
		})
	}
}

// TestAnOlderMayflyLosesNoMessage has records in the ring that a newer version wrote, and reads the mailbox.
func TestAnOlderMayflyLosesNoMessage(t *testing.T) {
	for _, kind := range []string{"contact", "request"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			alice, bob := w.person(), w.person()
			know(t, alice, "bob", bob)
			id := "alice"
			if kind == "contact" {
				know(t, bob, "alice", alice)
			} else {
				if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "may I"}, nil); err != nil {
					t.Fatal(err)
				}
				receive(t, bob)
				account, _, err := alice.Self()
				if err != nil {
					t.Fatal(err)
				}
				id = account.String()
			}
			if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello"}, nil); err != nil {
				t.Fatal(err)
			}
			value, ok := bob.Ring.Get(kind, id)
			if !ok {
				t.Fatalf("there is no %s", kind)
			}
			bucket, _, _ := bob.Ring.At(kind, id)
			put := func(version byte) {
				if err := bob.Ring.Put(bucket, kind, id, append([]byte{version}, value[1:]...)); err != nil {
					t.Fatal(err)
				}
			}
			put(2)
			if _, err := bob.Receive(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "newer Mayfly") {
				t.Errorf("it says %v", err)
			}
			if stats, err := w.db.Stats(t.Context()); err != nil || stats.Envelopes != 1 {
				t.Fatalf("%d envelopes wait: %v", stats.Envelopes, err)
			}
			put(1)
			if _, err := bob.Receive(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			messages := 0
			for range bob.Ring.All("message") {
				messages++
			}
			if want := map[string]int{"contact": 1, "request": 2}[kind]; messages != want {
				t.Errorf("then the ring has %d messages, not %d", messages, want)
			}
		})
	}
}

// TestCancelledUploadIsGoneOnWith cancels an upload in its first request with a part, when an earlier run had brought
// half of them there.
func TestCancelledUploadIsGoneOnWith(t *testing.T) {
	w := newWorld(t)
	alice := w.person()
	content, opts := randomBytes(6<<20), &client.UploadOptions{AsIs: true, Resume: "one"}
	parts := 0
	cut := func(n int, how func()) client.Transport {
		parts = 0
		return wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
			if isPart(req) {
				if parts++; parts > n {
					how()
					return nil, errors.Join(errCut, ctx.Err())
				}
			}
			return w.transport.Do(ctx, req)
		}}
	}
	if _, err := w.process(alice.Ring, serial(cut(4, func() {}))).Upload(t.Context(), file(content), opts); err == nil {
		t.Fatal("it was to break off")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	if _, err := w.process(alice.Ring, serial(cut(0, cancel))).Upload(cancelled, file(content), opts); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it ends with %v", err)
	}
	a, err := w.process(alice.Ring, serial(cut(100, func() {}))).Upload(t.Context(), file(content), opts)
	if err != nil {
		t.Fatal(err)
	}
	if parts != 3 { // of 7
		t.Errorf("the third run sent %d parts", parts)
	}
	if !bytes.Equal(fetch(t, alice, a), content) {
		t.Error("another file arrived")
	}
	if all, open := w.blobs(); all != 1 || open != 0 {
		t.Errorf("there are %d blobs, %d of them open", all, open)
	}
}

// TestCancelledReceiveLosesNothing cancels when the envelopes are here and not yet opened.
func TestCancelledReceiveLosesNothing(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	for range 2 {
		if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	impatient := wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
		resp, err := w.transport.Do(ctx, req)
		if req.Method == "GET" && strings.Contains(req.URL, "/envelopes") {
			cancel()
		}
		return resp, err
	}}
	if _, err := w.process(bob.Ring, impatient).Receive(cancelled, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it ends with %v", err)
	}
	if list := receive(t, bob); len(list) != 2 {
		t.Errorf("then %d messages arrive", len(list))
	}
}

// serial returns a transport that does one thing at a time.
func serial(transport client.Transport) client.Transport {
	turn := make(chan struct{}, 1)
	return wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
		turn <- struct{}{}
		defer func() { <-turn }()
		return transport.Do(ctx, req)
	}}
}

// TestSendThatOnlyHadToForgetIsDone crashes when all is posted, and while what it took is being dropped from the ring.
func TestSendThatOnlyHadToForgetIsDone(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	content := randomBytes(1000)
	send := func(transport client.Transport) error {
		_, err := w.process(alice.Ring, transport).Send(t.Context(), client.Outgoing{
			To: []string{"bob"}, Text: "look", Files: []client.File{file(content)}, AsIs: true,
		}, &client.SendOptions{Resume: "one"})
		return err
	}
	lost := wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
		resp, err := w.transport.Do(ctx, req)
		if strings.Contains(req.URL, "/envelopes") {
			return nil, errCut
		}
		return resp, err
	}}
	if err := send(lost); err == nil {
		t.Fatal("it was to break off")
	}
	// What a crash leaves behind the last request: the letter is posted, the upload is dropped, the message is not.
	edit(t, alice, "outgoing", "one", func(rec map[string]any) {
		rec["Letters"].([]any)[0].(map[string]any)["Posted"] = true
	})
	if err := alice.Ring.Delete("upload", "one.0"); err != nil {
		t.Fatal(err)
	}
	if err := send(w.transport); err != nil {
		t.Errorf("to go on is answered by %v", err)
	}
	if list := receive(t, bob); len(list) != 1 || !bytes.Equal(fetch(t, bob, list[0].Attachments[0]), content) {
		t.Errorf("%d messages arrived", len(list))
	}
	if all, open := w.blobs(); all != 1 || open != 0 {
		t.Errorf("there are %d blobs, %d of them open", all, open)
	}
}

// TestBrokenEnrolmentIsNotMixedUp begins to enrol at one server and goes on at another.
func TestBrokenEnrolmentIsNotMixedUp(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	ring := keyring.Memory()
	line := &scissors{Transport: one.transport, at: 3}
	if err := one.process(ring, line).Enrol(t.Context(), one.invite()); err == nil {
		t.Fatal("it was to break off")
	}
	err := two.process(ring, two.transport).Enrol(t.Context(), two.invite())
	if err == nil || !strings.Contains(err.Error(), one.url) {
		t.Errorf("another server takes it over: %v", err)
	}
	if stats, err := two.db.Stats(t.Context()); err != nil || stats.QuotaKeys != 0 || stats.Mailboxes != 0 {
		t.Errorf("the other server has %d keys: %v", stats.QuotaKeys, err)
	}
	if err := one.process(ring, one.transport).Enrol(t.Context(), one.invite()); err != nil {
		t.Errorf("to go on at the first: %v", err)
	}
}
