package chat

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// fuzz feeds seeds and what becomes of them to parse, which returns the encoding of what it parsed. What is accepted
// must be the one encoding of its meaning.
func fuzz(f *testing.F, parse func([]byte) ([]byte, error), seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
		f.Add(append(bytes.Clone(seed), 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		again, err := parse(b)
		if !bytes.Equal(b, kept) {
			t.Fatal("parsing changed its input")
		}
		if err == nil && !bytes.Equal(again, b) {
			t.Fatalf("%x\nis accepted and encoded as\n%x", b, again)
		}
	})
}

// fuzzPerson returns the n-th of some people who are the same in every process, as the fuzzer needs them.
func fuzzPerson(f *testing.F, n byte) *person {
	f.Helper()
	id := &Identity{Server: away, Device: uint32(n), Mailbox: wire.MailboxID{n}, Profile: ProfileKeyOf([32]byte{n})}
	for i, k := range id.keys() {
		*k = signingKeyOf([32]byte{n, byte(i)})
	}
	p := &person{Identity: id, manifest: id.NewManifest(nil, start)}
	key := &MailboxKey{Mailbox: id.Mailbox, Epoch: 1, Created: start, NotAfter: start + 60*day, seed: wire.VeilOf([32]byte{n})}
	public, err := ParsePublicMailboxKey(key.Sign(id))
	if err != nil {
		f.Fatal(err)
	}
	p.keys, p.public = []*MailboxKey{key}, public
	return p
}

func FuzzParseInvite(f *testing.F) {
	f.Add(Invite{URL: away.URL, Server: away.ID}.Encode())
	f.Add("https://share.example.org/i#2.AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		invite, err := ParseInvite(s)
		if err != nil {
			return
		}
		if again, err := ParseInvite(invite.Encode()); err != nil || again != invite {
			t.Fatalf("%q is accepted and encoded as %q, %v", s, invite.Encode(), err)
		}
	})
}

func FuzzParseCard(f *testing.F) {
	f.Add(Card{Server: away}.Encode())
	f.Add("http://[::1]:80/x/c#1.AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		card, err := ParseCard(s)
		if err != nil {
			return
		}
		if again, err := ParseCard(card.Encode()); err != nil || again != card {
			t.Fatalf("%q is accepted and encoded as %q, %v", s, card.Encode(), err)
		}
	})
}

func FuzzNormalizeURL(f *testing.F) {
	f.Add("HTTPS://Share.Example.ORG:443/a/")
	f.Add("http://[::ffff:1.2.3.4%25x]:80")
	f.Fuzz(func(t *testing.T, s string) {
		normal, err := NormalizeURL(s)
		if err != nil {
			return
		}
		if again, err := NormalizeURL(normal); err != nil || again != normal {
			t.Fatalf("%q has the form %q, which has the form %q, %v", s, normal, again, err)
		}
	})
}

func FuzzParseIdentity(f *testing.F) {
	fuzz(f, func(b []byte) ([]byte, error) {
		id, err := ParseIdentity(b)
		if err != nil {
			return nil, err
		}
		return id.Encode(), nil
	}, NewIdentity(away).Encode())
}

func FuzzParseManifest(f *testing.F) {
	p := fuzzPerson(f, 1)
	most := p.sign(func(m *Manifest) { m.Devices = devices(MaxDevices) })
	fuzz(f, func(b []byte) ([]byte, error) {
		m, err := ParseManifest(b)
		if err != nil {
			return nil, err
		}
		return append(m.unsigned(), m.raw[len(m.raw)-signatureSize:]...), nil
	}, p.manifest.Encode(), most.Encode())
}

// FuzzSignedManifest goes where the signature does not let the other get: it signs what it is given.
func FuzzSignedManifest(f *testing.F) {
	p := fuzzPerson(f, 1)
	key := p.account.Public()
	fuzz(f, func(b []byte) ([]byte, error) {
		unsigned := append(append(preamble(), key[:]...), b...)
		m, err := ParseManifest(append(unsigned, p.account.Sign(labelled(manifestLabel, unsigned))...))
		if err != nil {
			return nil, err
		}
		return m.unsigned()[2+len(key):], nil
	}, p.manifest.body()[2+len(key):])
}

func FuzzOpenManifest(f *testing.F) {
	p := fuzzPerson(f, 1)
	f.Add(p.manifest.Seal(p.Profile))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := OpenManifest(p.Profile, b); err == nil && m.Account() != p.Account() {
			t.Fatal("somebody else's")
		}
	})
}

func FuzzParseMailboxKey(f *testing.F) {
	fuzz(f, func(b []byte) ([]byte, error) {
		k, err := ParseMailboxKey(b)
		if err != nil {
			return nil, err
		}
		return k.Encode(), nil
	}, fuzzPerson(f, 1).keys[0].Encode())
}

func FuzzParsePublicMailboxKey(f *testing.F) {
	p := fuzzPerson(f, 1)
	fuzz(f, func(b []byte) ([]byte, error) {
		k, err := ParsePublicMailboxKey(b)
		if err != nil {
			return nil, err
		}
		k.kem() // may fail, must not panic
		return k.Encode(), nil
	}, p.public.Encode())
}

func FuzzParseAttachment(f *testing.F) {
	here, there := newAttachment("dunes.jpg"), newAttachment("dunes.jpg")
	there.Server = away
	fuzz(f, func(b []byte) ([]byte, error) {
		a, err := ParseAttachment(b)
		if err != nil {
			return nil, err
		}
		again, err := a.Encode()
		if len(again) != len(b) || !bytes.Contains(b, []byte(a.Name)) {
			return b, err // a name that was not clean
		}
		return again, err
	}, encoded(f, here), encoded(f, there))
}

func encoded(f *testing.F, a Attachment) []byte {
	f.Helper()
	b, err := a.Encode()
	if err != nil {
		f.Fatal(err)
	}
	return b
}

func FuzzParseBody(f *testing.F) {
	p := fuzzPerson(f, 1)
	m := newMessage("hello")
	m.Attachments = []Attachment{newAttachment("dunes.jpg"), newAttachment("b")}
	m.Introduction, m.Delivery, m.Forgotten = p.Introduction(p.manifest), p.Delivery, []MessageID{{1}, {2}}
	body, err := m.body()
	if err != nil {
		f.Fatal(err)
	}
	fuzz(f, func(b []byte) ([]byte, error) {
		var m Message
		if err := m.parseBody(b); err != nil {
			return nil, err
		}
		again, err := m.body()
		if len(m.Attachments) == 0 || err != nil || bytes.Equal(again, b) {
			return again, err
		}
		var cleaned Message // a name was not clean; now all of them must be
		if cleaned.parseBody(again) != nil {
			return nil, nil // which is not b
		}
		if twice, err := cleaned.body(); err != nil || !bytes.Equal(twice, again) {
			return nil, nil
		}
		return b, nil
	}, body, []byte{version})
}

// FuzzFrame feeds a recipient frames as an attacker who can seal envelopes would.
func FuzzFrame(f *testing.F) {
	alice, bob := fuzzPerson(f, 1), fuzzPerson(f, 2)
	m := newMessage("hello")
	m.ID, m.Expiry.After = MessageID{1}, time.Minute
	m.Introduction = alice.Introduction(alice.manifest)
	frame, err := signFrame(alice.Identity, alice.manifest.Hash(), bob.destination(1), m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseFrame(b)
		if err != nil || got.admit(bob.destination(1), start, start) != nil {
			return
		}
		if _, _, err := got.Verify(nil); err == nil && got.Sender() == alice.Account() && !bytes.Equal(b, frame) {
			t.Fatal("a forgery")
		}
	})
}

func FuzzOpenEnvelope(f *testing.F) {
	alice, bob := fuzzPerson(f, 1), fuzzPerson(f, 2)
	f.Add(alice.seal(f, bob, newMessage("hello")))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := bob.open(b)
		if err != nil {
			return
		}
		if _, _, err := got.Verify(alice.manifest); err != nil {
			t.Fatal("what opens was not sealed by alice")
		}
	})
}

func TestParsersAllocateInProportion(t *testing.T) {
	long := bytes.Repeat([]byte{0xff}, wire.MaxEnvelope)
	long[0], long[1] = version, Suite
	for name, parse := range map[string]func([]byte){
		"identity":    func(b []byte) { ParseIdentity(b) },
		"manifest":    func(b []byte) { ParseManifest(b) },
		"mailbox key": func(b []byte) { ParsePublicMailboxKey(b) },
		"attachment":  func(b []byte) { ParseAttachment(b) },
		"body":        func(b []byte) { new(Message).parseBody(b) },
		"frame":       func(b []byte) { parseFrame(b) },
		"name":        func(b []byte) { CleanName(string(b)) },
		"address":     func(b []byte) { NormalizeURL("https://" + strings.Repeat("a", len(b))) },
		"card":        func(b []byte) { ParseCard("https://a/c#1." + strings.Repeat("a", len(b))) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parse(long)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 16*uint64(len(long)) {
			t.Errorf("%s: %d bytes for %d", name, n, len(long))
		}
	}
}
