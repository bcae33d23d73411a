package chat

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestMessageArrivesAsItWasSent(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, away)
	elsewhere := newAttachment("Ferien – Düne.jpg")
	elsewhere.Server, elsewhere.AsIs, elsewhere.Type = away, true, ""
	rows := map[string]func(*Message){
		"a text":                 func(m *Message) { m.Text = "the dunes, at six" },
		"nothing":                func(*Message) {},
		"an attachment":          func(m *Message) { m.Attachments = []Attachment{newAttachment("dunes.jpg")} },
		"two attachments":        func(m *Message) { m.Attachments = []Attachment{newAttachment("dunes.jpg"), elsewhere} },
		"an introduction":        func(m *Message) { m.Introduction = alice.Introduction(alice.manifest) },
		"the delivery key":       func(m *Message) { m.Delivery = alice.Delivery },
		"what was forgotten":     func(m *Message) { m.Forgotten = []MessageID{{1}, {2}} },
		"a time after showing":   func(m *Message) { m.Expiry.After = 90 * time.Second },
		"the longest life":       func(m *Message) { m.Expiry.At = start + 30*day + 3600 },
		"most attachments":       func(m *Message) { m.Attachments = manyAttachments(MaxAttachments) },
		"much that is forgotten": func(m *Message) { m.Forgotten = make([]MessageID, MaxForgotten) },
		"everything at once": func(m *Message) {
			m.Text, m.Delivery, m.Expiry.After = "all", alice.Delivery, time.Hour
			m.Attachments = []Attachment{elsewhere, newAttachment("dunes.jpg")}
			m.Introduction = alice.Introduction(alice.manifest)
			m.Forgotten = []MessageID{{9}}
		},
	}
	for name, fill := range rows {
		t.Run(name, func(t *testing.T) {
			sent := newMessage("")
			fill(sent)
			got, err := bob.receive(alice.seal(t, bob, sent), alice.manifest)
			if err != nil {
				t.Fatal(err)
			}
			checkSame(t, got, sent)
		})
	}
}

func manyAttachments(n int) (list []Attachment) {
	for range n {
		list = append(list, newAttachment("dunes.jpg"))
	}
	return list
}

// checkSame compares messages by what they carry: their one encoding.
func checkSame(t *testing.T, got, want *Message) {
	t.Helper()
	if got.ID != want.ID || got.Sent != want.Sent || got.Expiry != want.Expiry {
		t.Errorf("got id %v, sent %d, %+v; want id %v, sent %d, %+v", got.ID, got.Sent, got.Expiry, want.ID, want.Sent, want.Expiry)
	}
	a, err := got.body()
	if err != nil {
		t.Fatal(err)
	}
	b, err := want.body()
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("the body is\n%x, want\n%x", a, b)
	}
	if len(got.Attachments) != len(want.Attachments) {
		t.Fatalf("%d attachments, want %d", len(got.Attachments), len(want.Attachments))
	}
	for i := range got.Attachments {
		if got.Attachments[i] != want.Attachments[i] {
			t.Errorf("attachment %d is another", i)
		}
	}
}

func TestEnvelopeIsTheSmallestThatFits(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	fixed := len(alice.seal(t, bob, newMessage(""))) - textRoom(t, alice, bob, wire.EnvelopeSizes[0])
	if fixed > 1800 {
		t.Errorf("an envelope without text takes %d bytes", fixed)
	}
	for i, size := range wire.EnvelopeSizes {
		room := textRoom(t, alice, bob, size)
		if got := len(alice.seal(t, bob, newMessage(strings.Repeat("x", room)))); got != size {
			t.Errorf("a text of %d bytes makes an envelope of %d, want %d", room, got, size)
		}
		if i == len(wire.EnvelopeSizes)-1 {
			_, err := SealEnvelope(alice.Identity, alice.manifest, bob.address(), newMessage(strings.Repeat("x", room+1)))
			if !errors.Is(err, ErrTooLong) {
				t.Errorf("one byte more is %v, want ErrTooLong", err)
			}
			continue
		}
		if got := len(alice.seal(t, bob, newMessage(strings.Repeat("x", room+1)))); got != wire.EnvelopeSizes[i+1] {
			t.Errorf("one byte more makes an envelope of %d, want %d", got, wire.EnvelopeSizes[i+1])
		}
	}
}

// textRoom returns how long a text may be in an envelope of a size.
func textRoom(t *testing.T, from, to *person, size int) int {
	t.Helper()
	d := destination{account: to.Account(), device: to.Device, mailbox: to.Mailbox, epoch: 1}
	frame, err := signFrame(from.Identity, from.manifest.Hash(), d, newMessage(""))
	if err != nil {
		t.Fatal(err)
	}
	const tagAndLength = 5
	return size - envelopeOverhead - lengthSize - len(frame) - tagAndLength
}

func TestSealEnvelopeRefuses(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	rows := []struct {
		name string
		do   func(m *Message, to *Address)
		want error
	}{
		{"a message that expires before it is sent", func(m *Message, _ *Address) { m.Expiry.At = m.Sent }, ErrInvalid},
		{"a message that lives for 31 days", func(m *Message, _ *Address) { m.Expiry.At = start + 31*day }, ErrInvalid},
		{"a negative After", func(m *Message, _ *Address) { m.Expiry.After = -time.Second }, ErrInvalid},
		{"half a second", func(m *Message, _ *Address) { m.Expiry.After = time.Second / 2 }, ErrInvalid},
		{"a message without an id", func(m *Message, _ *Address) { m.ID = MessageID{} }, ErrInvalid},
		{"a text that is not UTF-8", func(m *Message, _ *Address) { m.Text = "\xff" }, ErrInvalid},
		{"too many attachments", func(m *Message, _ *Address) { m.Attachments = manyAttachments(MaxAttachments + 1) }, ErrTooLong},
		{"an attachment of no file", func(m *Message, _ *Address) { m.Attachments = make([]Attachment, 1) }, ErrInvalid},
		{"too many ids", func(m *Message, _ *Address) { m.Forgotten = make([]MessageID, MaxForgotten+1) }, ErrTooLong},
		{"an introduction of somebody else", func(m *Message, _ *Address) { m.Introduction = bob.Introduction(bob.manifest) }, ErrInvalid},
		{"a mailbox key whose time is up", func(m *Message, _ *Address) { m.Sent, m.Expiry.At = start+60*day, start+61*day }, ErrExpired},
		{"its own manifest whose time is up", func(m *Message, _ *Address) { m.Sent, m.Expiry.At = start+90*day, start+91*day }, ErrExpired},
		{"a device with sessions", func(_ *Message, to *Address) { to.Device = withSessions(to.Device) }, ErrDowngrade},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m, to := newMessage("hello"), bob.address()
			row.do(m, to)
			if _, err := SealEnvelope(alice.Identity, alice.manifest, to, m); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

func withSessions(d *Device) *Device {
	other := *d
	other.Caps |= CapSessions
	return &other
}

func TestSentIsWithinWhatTheArrivalAllows(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	for _, row := range []struct {
		name           string
		received, want int64
	}{
		{"at once", start, start},
		{"two days later", start + 2*day, start},
		{"three days later", start + 3*day, start + day},
		{"by a clock that is 5 minutes behind", start - 300, start},
		{"by a clock that is an hour behind", start - 3600, start - 3300},
	} {
		t.Run(row.name, func(t *testing.T) {
			item := arrived(alice.seal(t, bob, newMessage("hello")))
			item.Received = row.received
			f, err := OpenEnvelope(bob.Identity, bob.keys, item, row.received)
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := f.Verify(alice.manifest)
			if err != nil {
				t.Fatal(err)
			}
			if m.Sent != row.want {
				t.Errorf("sent at start %+d, want %+d", m.Sent-start, row.want-start)
			}
		})
	}
}

func TestBodyHasOneEncoding(t *testing.T) {
	section := func(tag byte, value string) string {
		return string([]byte{tag, 0, 0, 0, byte(len(value))}) + value
	}
	rows := []struct {
		name, body string
		want       error
	}{
		{"no bytes", "", ErrMalformed},
		{"another version", "\x02", ErrVersion},
		{"an unknown section", "\x01" + section(6, "x"), ErrVersion},
		{"an empty section", "\x01" + section(tagText, ""), ErrMalformed},
		{"a section twice", "\x01" + section(tagText, "x") + section(tagText, "y"), ErrMalformed},
		{"sections in another order", "\x01" + section(tagForgotten, strings.Repeat("i", 16)) + section(tagText, "x"), ErrMalformed},
		{"a section that is longer than the body", "\x01\x01\x00\x00\x00\x05x", ErrMalformed},
		{"a section of 4 GiB", "\x01\x01\xff\xff\xff\xff", ErrMalformed},
		{"half a tag", "\x01\x01\x00", ErrMalformed},
		{"a text that is not UTF-8", "\x01" + section(tagText, "\xff"), ErrMalformed},
		{"a short delivery key", "\x01" + section(tagDelivery, "x"), ErrMalformed},
		{"a delivery key of zeros", "\x01" + section(tagDelivery, string(make([]byte, 32))), ErrMalformed},
		{"half an id", "\x01" + section(tagForgotten, "12345678"), ErrMalformed},
		{"half an attachment", "\x01" + section(tagAttachments, "\x00\x05x"), ErrMalformed},
		{"half an introduction", "\x01" + section(tagIntroduction, "x"), ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := new(Message).parseBody([]byte(row.body)); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}
