package chat

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// The vectors are frozen: what an earlier version sealed, signed or encoded opens for ever. Bytes are in base64. A new
// format gets new vectors beside them; -update is for those, and a vector that it changes is a broken promise.
//
//go:embed testdata/*.json
var vectorFiles embed.FS

var update = flag.Bool("update", false, "write the vectors anew")

// classes are the ways in which a vector can end.
var classes = map[string]error{
	"ok": nil, "version": ErrVersion, "malformed": ErrMalformed, "tampered": ErrTampered, "forged": ErrForged,
	"not-for-us": ErrNotForUs, "rollback": ErrRollback, "equivocation": ErrEquivocation, "downgrade": ErrDowngrade,
	"expired": ErrExpired, "unknown-key": ErrUnknownKey, "unknown-manifest": ErrUnknownManifest,
}

// checkClass reports whether a vector ended as it should, and whether that was well.
func checkClass(t *testing.T, class string, err error) (ok bool) {
	t.Helper()
	want, known := classes[class]
	if !known || !errors.Is(err, want) {
		t.Errorf("got %v, want class %s", err, class)
	}
	return err == nil && class == "ok"
}

// vectors returns those of one kind: from testdata, where they are written first if -update says so.
func vectors[V any](t *testing.T, kind string, make func(t *testing.T) []V) (list []V) {
	t.Helper()
	name := "testdata/" + kind + ".json"
	if *update {
		cryptotest.SetGlobalRandom(t, 1)
		b, err := json.MarshalIndent(make(t), "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.FromSlash(name), append(b, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run again without -update")
	}
	b, err := vectorFiles.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("there are none")
	}
	return list
}

type identityVector struct {
	Name, Class string
	Identity    []byte
	// What follows from it:
	Account, Short, Card     string
	Quota, Owner, LocatorKey wire.PublicKey
	Device                   wire.PublicKey
	Locator                  wire.LocatorID
	Mailbox                  wire.MailboxID
	IntroHash, DeliveryHash  wire.Hash
	SafetyNumber             string
}

// somebody is an account id that is 1 and 31 zeros.
var somebody = AccountID{1}

func describeIdentity(name string, id *Identity) identityVector {
	return identityVector{
		Name: name, Class: "ok", Identity: id.Encode(),
		Account: id.Account().String(), Short: id.Account().Short(), Card: id.Card().Encode(),
		Quota: id.QuotaKey().Public(), Owner: id.MailboxOwner().Public(), LocatorKey: id.LocatorKey().Public(),
		Device: id.self().Key, Locator: id.Profile.Locator(), Mailbox: id.Mailbox,
		IntroHash: id.Intro.Token().Hash(), DeliveryHash: id.Delivery.Hash(),
		SafetyNumber: SafetyNumber(id.Account(), somebody),
	}
}

func TestVectorsOfIdentities(t *testing.T) {
	list := vectors(t, "identity", func(t *testing.T) []identityVector {
		a, b := NewIdentity(home), NewIdentity(away)
		newer, cut := a.Encode(), b.Encode()
		newer[0]++
		return []identityVector{
			describeIdentity("at a host", a), describeIdentity("at a port and a path", b),
			{Name: "of a newer version", Class: "version", Identity: newer},
			{Name: "that was cut short", Class: "malformed", Identity: cut[:len(cut)-1]},
		}
	})
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			id, err := ParseIdentity(v.Identity)
			if !checkClass(t, v.Class, err) {
				return
			}
			got, _ := json.Marshal(describeIdentity(v.Name, id))
			want, _ := json.Marshal(v)
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
		})
	}
}

type textVector struct {
	Name, Class, Kind, Text, URL string
	Secret                       []byte // all that stands behind "#1."
}

func TestVectorsOfTexts(t *testing.T) {
	list := vectors(t, "text", func(*testing.T) []textVector {
		card, invite := NewIdentity(away).Card(), Invite{URL: home.URL, Code: NewIntroKey().Reveal(), Server: home.ID}
		return []textVector{
			{"a contact string", "ok", "card", card.Encode(), away.URL, card.secret()},
			{"an invite", "ok", "invite", invite.Encode(), home.URL, invite.secret()},
			{"a contact string of version 2", "version", "card", home.URL + "/c#2.AAAA", "", nil},
			{"an invite of version 2", "version", "invite", home.URL + "/i#2.AAAA", "", nil},
			{"an invite for a contact string", "malformed", "card", invite.Encode(), "", nil},
			{"a contact string that was cut short", "malformed", "card", card.Encode()[:100], "", nil},
			{"a contact string whose last character hides bits", "malformed", "card", Card{Server: home}.Encode() + "B", "", nil},
		}
	})
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			url, secret, text, err := parseEither(v)
			if checkClass(t, v.Class, err) && (url != v.URL || !bytes.Equal(secret, v.Secret) || text != v.Text) {
				t.Errorf("it is %s, %x", url, secret)
			}
		})
	}
}

func parseEither(v textVector) (url string, secret []byte, text string, err error) {
	if v.Kind == "card" {
		k, err := ParseCard(v.Text)
		return k.Server.URL, k.secret(), k.Encode(), err
	}
	i, err := ParseInvite(v.Text)
	return i.URL, i.secret(), i.Encode(), err
}

type manifestVector struct {
	Name, Class string
	Profile     []byte
	Sealed      []byte
	Account     AccountID
	Seen        Head
	Now         int64
	Manifest    []byte    // inside
	Hash        wire.Hash // of it
}

func TestVectorsOfManifests(t *testing.T) {
	list := vectors(t, "manifest", makeManifestVectors)
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			m, err := OpenManifest(ProfileKeyOf([32]byte(v.Profile)), v.Sealed)
			if err == nil {
				err = m.Verify(v.Account, v.Seen, v.Now)
			}
			if checkClass(t, v.Class, err) && (!bytes.Equal(m.Encode(), v.Manifest) || m.Hash() != v.Hash) {
				t.Errorf("inside is %x", m.Encode())
			}
		})
	}
}

func makeManifestVectors(t *testing.T) []manifestVector {
	alice, bob := newPerson(t, away), newPerson(t, home)
	first := alice.manifest
	second, fork := alice.NewManifest(first, start+day), alice.NewManifest(first, start+2*day)
	most := alice.sign(func(m *Manifest) { m.Devices = devices(MaxDevices) })
	profile := alice.Profile.Reveal()
	vector := func(name, class string, m *Manifest, seen Head, now int64) manifestVector {
		return manifestVector{
			Name: name, Class: class, Profile: profile[:], Sealed: m.Seal(alice.Profile),
			Account: alice.Account(), Seen: seen, Now: now, Manifest: m.raw, Hash: m.Hash(),
		}
	}
	flipped := vector("one bit is another", "tampered", first, Head{}, start)
	flipped.Sealed[1000] ^= 1
	newer := vector("of a newer version", "version", first, Head{}, start)
	newer.Sealed[0]++
	unsigned := *first
	unsigned.raw = bytes.Clone(first.raw)
	unsigned.raw[len(unsigned.raw)-1] ^= 1
	return []manifestVector{
		vector("the first", "ok", first, Head{}, start),
		vector("with eight devices", "ok", most, Head{}, start),
		vector("the second", "ok", second, first.Head(), start+day),
		vector("a roll-back", "rollback", first, second.Head(), start+day),
		vector("two of one number", "equivocation", fork, second.Head(), start+2*day),
		vector("expired", "expired", first, Head{}, start+90*day),
		vector("of another account", "forged", bob.manifest, Head{}, start),
		vector("with a wrong signature", "forged", &unsigned, Head{}, start),
		flipped, newer,
	}
}

type mailboxKeyVector struct {
	Name, Class     string
	Private, Public []byte // as the ring has it, and as the server has it
	Device          wire.PublicKey
	Mailbox         wire.MailboxID
	Seen            uint32
	Now             int64
}

func TestVectorsOfMailboxKeys(t *testing.T) {
	list := vectors(t, "mailboxkey", makeMailboxKeyVectors)
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			public, err := ParsePublicMailboxKey(v.Public)
			if err == nil {
				err = public.Verify(&Device{Key: v.Device, Mailbox: v.Mailbox}, v.Seen, v.Now)
			}
			if !checkClass(t, v.Class, err) {
				return
			}
			private, err := ParseMailboxKey(v.Private)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(private.private().PublicKey().Bytes(), public.pub) || private.Epoch != public.Epoch {
				t.Error("the private half gives another public half")
			}
		})
	}
}

func makeMailboxKeyVectors(t *testing.T) []mailboxKeyVector {
	bob, mallory := newPerson(t, home), newPerson(t, home)
	vector := func(name, class string, seen uint32, now int64) mailboxKeyVector {
		return mailboxKeyVector{
			Name: name, Class: class, Private: bob.keys[0].Encode(), Public: bob.public.Encode(),
			Device: bob.self().Key, Mailbox: bob.Mailbox, Seen: seen, Now: now,
		}
	}
	other := vector("of another device", "forged", 0, start)
	other.Device = mallory.self().Key
	moved := vector("of another mailbox", "forged", 0, start)
	moved.Mailbox = mallory.Mailbox
	newer := vector("of a newer suite", "version", 0, start)
	newer.Public[1]++
	return []mailboxKeyVector{
		vector("a key", "ok", 0, start), vector("the same again", "ok", 1, start+60*day-1),
		vector("of a lower epoch", "rollback", 2, start), vector("expired", "expired", 1, start+60*day),
		vector("that lives too long", "forged", 1, start-day), other, moved, newer,
	}
}

type envelopeVector struct {
	Name, Class   string
	Recipient     []byte // identity
	Key           []byte // mailbox key
	Known         []byte // manifest of the sender; empty: a stranger
	Envelope      []byte
	Received, Now int64
	Message       *messageVector `json:",omitempty"`
}

type messageVector struct {
	From            AccountID
	ID              []byte
	Sent, At, After int64 // After in seconds
	Text            string
	Body            []byte
}

func describeMessage(t *testing.T, from AccountID, m *Message) *messageVector {
	t.Helper()
	body, err := m.body()
	if err != nil {
		t.Fatal(err)
	}
	return &messageVector{
		From: from, ID: m.ID[:], Sent: m.Sent, At: m.Expiry.At, After: int64(m.Expiry.After / time.Second), Text: m.Text, Body: body,
	}
}

func TestVectorsOfEnvelopes(t *testing.T) {
	list := vectors(t, "envelope", makeEnvelopeVectors)
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			got, err := v.run(t)
			if !checkClass(t, v.Class, err) {
				return
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(v.Message)
			if !bytes.Equal(a, b) {
				t.Errorf("got\n%s, want\n%s", a, b)
			}
		})
	}
}

func (v *envelopeVector) run(t *testing.T) (*messageVector, error) {
	t.Helper()
	id, err := ParseIdentity(v.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseMailboxKey(v.Key)
	if err != nil {
		t.Fatal(err)
	}
	var known *Manifest
	if len(v.Known) > 0 {
		if known, err = ParseManifest(v.Known); err != nil {
			t.Fatal(err)
		}
	}
	f, err := OpenEnvelope(id, []*MailboxKey{key}, &wire.Item{Received: v.Received, Envelope: v.Envelope}, v.Now)
	if err != nil {
		return nil, err
	}
	m, _, err := f.Verify(known)
	if err != nil {
		return nil, err
	}
	return describeMessage(t, f.Sender(), m), nil
}

func makeEnvelopeVectors(t *testing.T) (list []envelopeVector) {
	alice, bob, carol := newPerson(t, home), newPerson(t, away), newPerson(t, home)
	add := func(name, class string, m *Message, change func(*envelopeVector)) {
		v := envelopeVector{
			Name: name, Class: class, Recipient: bob.Encode(), Key: bob.keys[0].Encode(), Known: alice.manifest.Encode(),
			Envelope: alice.seal(t, bob, m), Received: start, Now: start,
		}
		if class == "ok" {
			v.Message = describeMessage(t, alice.Account(), m)
		}
		if change != nil {
			change(&v)
		}
		list = append(list, v)
	}
	stranger := func(v *envelopeVector) { v.Known = nil }
	add("a text", "ok", newMessage("the dunes, at six"), nil)
	add("everything", "ok", fullMessage(alice), nil)
	add("a request of a stranger", "ok", &Message{
		ID: NewMessageID(), Sent: start, Expiry: Expiry{At: start + day}, Text: "it is me", Introduction: alice.Introduction(alice.manifest),
	}, stranger)
	add("a stranger without introduction", "unknown-manifest", newMessage("it is me"), stranger)
	add("one bit is another", "tampered", newMessage("hello"), func(v *envelopeVector) { v.Envelope[2000] ^= 1 })
	add("one byte is missing", "malformed", newMessage("hello"), func(v *envelopeVector) { v.Envelope = v.Envelope[:len(v.Envelope)-1] })
	add("of a newer version", "version", newMessage("hello"), func(v *envelopeVector) { v.Envelope[0]++ })
	add("of another epoch", "unknown-key", newMessage("hello"), func(v *envelopeVector) { v.Envelope[5]++ })
	add("past its time", "expired", newMessage("hello"), func(v *envelopeVector) { v.Now = start + 7*day })
	add("for somebody else, wrapped anew", "not-for-us", newMessage("hello"), func(v *envelopeVector) {
		v.Envelope = bob.wrap(t, carol.frame(t, alice.seal(t, carol, newMessage("for carol"))))
	})
	add("with a later expiry", "forged", newMessage("hello"), func(v *envelopeVector) {
		frame := bob.frame(t, v.Envelope)
		putTime(frame[offAt:], start+8*day)
		v.Envelope = bob.wrap(t, frame)
	})
	add("a frame of another type", "version", newMessage("hello"), func(v *envelopeVector) {
		frame := bob.frame(t, v.Envelope)
		frame[0] = 2
		v.Envelope = bob.wrap(t, frame)
	})
	return list
}

// fullMessage returns a message of alice's with all that a message can have.
func fullMessage(alice *person) *Message {
	elsewhere := newAttachment("Düne.jpg")
	elsewhere.Server, elsewhere.AsIs = away, true
	return &Message{
		ID: NewMessageID(), Sent: start, Expiry: Expiry{At: start + 30*day, After: time.Minute}, Text: "ü",
		Attachments:  []Attachment{newAttachment("dunes.jpg"), elsewhere},
		Introduction: alice.Introduction(alice.manifest), Delivery: alice.Delivery, Forgotten: []MessageID{{1}, {2}},
	}
}

type attachmentVector struct {
	Name, Class string
	Attachment  []byte
	FileName    string
	Again       []byte // its encoding
}

func TestVectorsOfAttachments(t *testing.T) {
	list := vectors(t, "attachment", makeAttachmentVectors)
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			a, err := ParseAttachment(v.Attachment)
			if !checkClass(t, v.Class, err) {
				return
			}
			if again, err := a.Encode(); err != nil || !bytes.Equal(again, v.Again) || a.Name != v.FileName {
				t.Errorf("%q, %v, %x", a.Name, err, again)
			}
		})
	}
}

func makeAttachmentVectors(t *testing.T) []attachmentVector {
	a := newAttachment("dunes.jpg")
	encode := func(a Attachment) []byte {
		b, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	elsewhere := a
	elsewhere.Server, elsewhere.AsIs, elsewhere.Type = away, true, ""
	here := encode(a)
	change := func(i int, n byte) []byte {
		b := bytes.Clone(here)
		b[i] += n
		return b
	}
	slash := bytes.Replace(here, []byte("dunes.jpg"), []byte("../es.jpg"), 1)
	return []attachmentVector{
		{"at the same server", "ok", here, a.Name, here},
		{"at another server, as it is", "ok", encode(elsewhere), a.Name, encode(elsewhere)},
		{"with a name that leads elsewhere", "ok", slash, "_es.jpg", bytes.Replace(encode(a), []byte("\tdunes.jpg"), []byte("\a_es.jpg"), 1)},
		{"of a newer version", "version", change(0, 1), "", nil},
		{"of a newer format", "version", change(1, 1), "", nil},
		{"with an unknown flag", "malformed", change(2, 2), "", nil},
		{"with a length that its blob does not have", "malformed", change(4+16+32+32+4, 1), "", nil},
		{"cut short", "malformed", here[:len(here)-1], "", nil},
	}
}
