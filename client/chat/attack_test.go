package chat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// checkRefused reports a nil error, and one that is not the refusal that was wanted.
func checkRefused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// frame returns the frame that an envelope to p holds.
func (p *person) frame(t testing.TB, envelope []byte) []byte {
	t.Helper()
	frame, err := p.destination(1).unwrap(p.keys[0], envelope[envelopeHeader:])
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(frame)
}

// wrap returns an envelope to p with whatever somebody puts into it.
func (p *person) wrap(t testing.TB, frame []byte) []byte {
	t.Helper()
	envelope, err := p.destination(p.public.Epoch).wrap(p.public, frame)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func (p *person) destination(epoch uint32) destination {
	return destination{account: p.Account(), device: p.Device, mailbox: p.Mailbox, epoch: epoch}
}

func TestAttackEnvelopeSentOnToAnotherRecipient(t *testing.T) {
	alice, bob, carol := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	_, err := carol.receive(alice.seal(t, bob, newMessage("for bob")), alice.manifest)
	checkRefused(t, err, ErrTampered)
}

func TestAttackFrameForwardedInANewEnvelope(t *testing.T) {
	alice, bob, carol := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	frame := bob.frame(t, alice.seal(t, bob, newMessage("for bob")))
	_, err := carol.receive(carol.wrap(t, frame), alice.manifest)
	checkRefused(t, err, ErrNotForUs)
	checkRefused(t, err, ErrTampered)
}

func TestAttackEnvelopeMovedToAnotherMailboxOfItsRecipient(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	envelope := alice.seal(t, bob, newMessage("for the first mailbox"))
	frame := bob.frame(t, envelope)

	bob.Mailbox = wire.MailboxID{7} // with the same key, so that nothing but the address differs
	bob.keys[0].Mailbox = bob.Mailbox
	_, err := bob.open(envelope)
	checkRefused(t, err, ErrTampered)
	_, err = bob.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrNotForUs)
}

func TestAttackFrameMovedToAnotherDeviceOrEpoch(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	frame := bob.frame(t, alice.seal(t, bob, newMessage("for the first")))
	other := *bob
	identity := *bob.Identity
	other.Identity = &identity
	other.Device++
	_, err := other.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrNotForUs)

	bob.rotate(t, start)
	_, err = bob.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrNotForUs)
}

// Offsets in a frame of type 1, behind its type.
const (
	offSender   = 1 + len(messageLabel) + 1
	offDevice   = offSender + 32
	offManifest = offDevice + 4
	offID       = offManifest + 32 + 32 + 4 + 32 + 4
	offSent     = offID + 16
	offAt       = offSent + 8
	offAfter    = offAt + 8
	offBody     = offAfter + 4 + 4
)

func TestAttackFrameChangedByWhoCanOpenIt(t *testing.T) {
	alice, bob, mallory := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	malloryID, malloryManifest := mallory.Account(), mallory.manifest.Hash()
	rows := []struct {
		name   string
		change func(frame []byte)
		known  *Manifest
		want   error
	}{
		{"nothing", func([]byte) {}, alice.manifest, nil},
		{"extended expiry", func(f []byte) { putTime(f[offAt:], start+8*day) }, alice.manifest, ErrForged},
		{"shortened expiry", func(f []byte) { putTime(f[offAt:], start+day) }, alice.manifest, ErrForged},
		{"stripped After", func(f []byte) { binary.BigEndian.PutUint32(f[offAfter:], 0) }, alice.manifest, ErrForged},
		{"another time of sending", func(f []byte) { putTime(f[offSent:], start-60) }, alice.manifest, ErrForged},
		{"another id, to be shown again", func(f []byte) { f[offID] ^= 1 }, alice.manifest, ErrForged},
		{"no id", func(f []byte) { clear(f[offID:][:16]) }, alice.manifest, ErrMalformed},
		{"another text", func(f []byte) { f[offBody+6] ^= 1 }, alice.manifest, ErrForged},
		{"another sender", func(f []byte) { copy(f[offSender:], malloryID[:]) }, mallory.manifest, ErrUnknownManifest},
		{"another sender and manifest", func(f []byte) {
			copy(f[offSender:], malloryID[:])
			copy(f[offManifest:], malloryManifest[:])
		}, mallory.manifest, ErrForged},
		{"another sender and manifest and device", func(f []byte) {
			copy(f[offSender:], malloryID[:])
			copy(f[offManifest:], malloryManifest[:])
			binary.BigEndian.PutUint32(f[offDevice:], mallory.Device)
		}, mallory.manifest, ErrForged},
		{"another signature", func(f []byte) { f[len(f)-1] ^= 1 }, alice.manifest, ErrForged},
		{"another label", func(f []byte) { f[1] ^= 1 }, alice.manifest, ErrMalformed},
		{"another suite", func(f []byte) { f[offSender-1]++ }, alice.manifest, ErrVersion},
		{"an unknown type", func(f []byte) { f[0] = 2 }, alice.manifest, ErrVersion},
	}
	m := newMessage("hello")
	m.Expiry.After = time.Minute
	frame := bob.frame(t, alice.seal(t, bob, m))
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := bytes.Clone(frame)
			row.change(f)
			_, err := bob.receive(bob.wrap(t, f), row.known)
			checkRefused(t, err, row.want)
		})
	}
}

func putTime(b []byte, at int64) { binary.BigEndian.PutUint64(b, uint64(at)) }

func TestAttackMessageInTheNameOfAnother(t *testing.T) {
	alice, bob, mallory := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	m := newMessage("it is me, alice")
	m.Introduction = alice.Introduction(alice.manifest) // which mallory once got
	forger := *mallory.Identity
	forger.account, forger.Device = alice.account, alice.Device // so that the frame names alice
	frame, err := signFrame(&forger, alice.manifest.Hash(), bob.destination(1), m)
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range []*Manifest{nil, alice.manifest} {
		_, err = bob.receive(bob.wrap(t, frame), known)
		checkRefused(t, err, ErrForged)
	}
}

func TestAttackIntroductionOfAnotherAccount(t *testing.T) {
	alice, bob, mallory := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	m := newMessage("hello")
	m.Introduction = alice.Introduction(alice.manifest)
	frame, err := signFrame(mallory.Identity, mallory.manifest.Hash(), bob.destination(1), m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrForged)

	m.Introduction = &Introduction{Manifest: mallory.NewManifest(nil, start+1)} // mallory's own, but not the one named
	frame, err = signFrame(mallory.Identity, mallory.manifest.Hash(), bob.destination(1), m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrForged)
}

func TestAttackKnownManifestOfAnotherAccount(t *testing.T) {
	alice, bob, mallory := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	m := newMessage("hello")
	m.Introduction = alice.Introduction(alice.manifest)
	_, err := bob.receive(alice.seal(t, bob, m), mallory.manifest)
	checkRefused(t, err, ErrForged)
}

func TestAttackEnvelopeChangedAnywhere(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	envelope := alice.seal(t, bob, newMessage("hello"))
	for i := 0; i < len(envelope); i++ {
		if i >= envelopeHeader {
			i = min(i+4, len(envelope)-1) // every fifth, to the last: each takes an opening
		}
		want := ErrTampered
		switch {
		case i < 2:
			want = ErrVersion
		case i < envelopeHeader:
			want = ErrUnknownKey
		}
		envelope[i] ^= 1 << (i % 8)
		if _, err := bob.open(envelope); !errors.Is(err, want) {
			t.Fatalf("with byte %d changed: %v, want %v", i, err, want)
		}
		envelope[i] ^= 1 << (i % 8)
	}
	if _, err := bob.receive(envelope, alice.manifest); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
}

func TestAttackEnvelopeOfAnotherLength(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	envelope := alice.seal(t, bob, newMessage("hello"))
	for _, n := range []int{0, 1, 2, 5, 6, 1000, 1126, 1142, len(envelope) - 1} {
		_, err := bob.open(envelope[:n])
		checkRefused(t, err, ErrMalformed)
	}
	_, err := bob.open(append(bytes.Clone(envelope), 0))
	checkRefused(t, err, ErrMalformed)
	_, err = bob.open(append(bytes.Clone(envelope), make([]byte, len(envelope))...))
	checkRefused(t, err, ErrTampered)
}

func TestAttackPaddingThatHidesSomething(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	plain := pad(bob.frame(t, alice.seal(t, bob, newMessage("hello"))), wire.EnvelopeSizes[0]-envelopeOverhead)
	plain[len(plain)-1] = 1
	_, err := unpad(plain, "envelope")
	checkRefused(t, err, ErrMalformed)
	binary.BigEndian.PutUint32(plain, uint32(len(plain)))
	_, err = unpad(plain, "envelope")
	checkRefused(t, err, ErrMalformed)
}

func TestAttackMessageHeldBackUntilItExpired(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	m := newMessage("hello")
	item := arrived(alice.seal(t, bob, m))
	for _, row := range []struct {
		now  int64
		want error
	}{{m.Expiry.At - 1, nil}, {m.Expiry.At, ErrExpired}, {m.Expiry.At + day, ErrExpired}} {
		_, err := OpenEnvelope(bob.Identity, bob.keys, item, row.now)
		checkRefused(t, err, row.want)
	}
}

func TestAttackMessageThatNeverExpires(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	m := newMessage("hello")
	m.Expiry.At = start + 31*day
	frame, err := signFrame(alice.Identity, alice.manifest.Hash(), bob.destination(1), m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.open(bob.wrap(t, frame))
	checkRefused(t, err, ErrMalformed)
}

func TestAttackEnvelopeToAnErasedKey(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	m := newMessage("hello")
	m.Sent, m.Expiry.At = start+59*day, start+66*day
	item := arrived(alice.seal(t, bob, m))
	item.Received = m.Sent
	_, err := OpenEnvelope(bob.Identity, nil, item, m.Sent)
	checkRefused(t, err, ErrUnknownKey)
	_, err = OpenEnvelope(bob.Identity, bob.keys, item, bob.keys[0].NotAfter) // kept too long
	checkRefused(t, err, ErrUnknownKey)
	_, err = OpenEnvelope(bob.Identity, bob.keys, item, bob.keys[0].NotAfter-1)
	checkRefused(t, err, nil)
}

func TestAttackManifestOfAnotherAccountAtTheLocator(t *testing.T) {
	alice, mallory := newPerson(t, home), newPerson(t, home)
	_, err := OpenManifest(alice.Profile, mallory.manifest.Seal(mallory.Profile))
	checkRefused(t, err, ErrTampered)

	m, err := OpenManifest(alice.Profile, mallory.manifest.Seal(alice.Profile)) // by somebody who has the contact string
	if err != nil {
		t.Fatal(err)
	}
	checkRefused(t, m.Verify(alice.Account(), Head{}, start), ErrForged)
}

func TestAttackManifestHistories(t *testing.T) {
	alice := newPerson(t, home)
	first := alice.manifest
	second := alice.NewManifest(first, start+day)
	third := alice.NewManifest(second, start+2*day)
	fork := alice.NewManifest(first, start+day+1)
	afterFork := alice.NewManifest(fork, start+2*day)
	rows := []struct {
		name string
		m    *Manifest
		seen Head
		now  int64
		want error
	}{
		{"the first that is seen", second, Head{}, start + day, nil},
		{"the same again", second, second.Head(), start + day, nil},
		{"the next", second, first.Head(), start + day, nil},
		{"one later, with one missed", third, first.Head(), start + 2*day, nil},
		{"a roll-back", first, second.Head(), start + day, ErrRollback},
		{"another with the same number", fork, second.Head(), start + 2*day, ErrEquivocation},
		{"the next of another history", afterFork, second.Head(), start + 2*day, ErrEquivocation},
		{"its last second", first, Head{}, start + 90*day - 1, nil},
		{"an expired one", first, Head{}, start + 90*day, ErrExpired},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			checkRefused(t, row.m.Verify(alice.Account(), row.seen, row.now), row.want)
		})
	}
}

func TestAttackManifestChangedAnywhere(t *testing.T) {
	alice := newPerson(t, home)
	raw := alice.manifest.Encode()
	for i := range raw {
		raw[i] ^= 1 << (i % 8)
		if _, err := ParseManifest(raw); err == nil {
			t.Fatalf("with byte %d changed it is accepted", i)
		}
		raw[i] ^= 1 << (i % 8)
	}
	sealed := alice.manifest.Seal(alice.Profile)
	for i := 0; i < len(sealed); i += 7 {
		sealed[i] ^= 1 << (i % 8)
		if _, err := OpenManifest(alice.Profile, sealed); err == nil {
			t.Fatalf("sealed, with byte %d changed it is accepted", i)
		}
		sealed[i] ^= 1 << (i % 8)
	}
}

func TestAttackMailboxKeys(t *testing.T) {
	bob, mallory := newPerson(t, home), newPerson(t, home)
	bob.rotate(t, start+7*day)
	device := bob.manifest.Device(bob.Device)
	old, newest := bob.keys[0], bob.keys[1]
	moved, long := *newest, *newest
	moved.Mailbox[0] ^= 1
	long.NotAfter += day
	stretched := newest.Sign(bob.Identity)
	stretched[2+4+7]++ // the last byte of not-after
	rows := []struct {
		name   string
		signed []byte
		now    int64
		want   error
	}{
		{"the newest", newest.Sign(bob.Identity), start + 7*day, nil},
		{"in its last second", newest.Sign(bob.Identity), start + 67*day - 1, nil},
		{"one of a lower epoch", old.Sign(bob.Identity), start + 7*day, ErrRollback},
		{"one that another device signed", newest.Sign(mallory.Identity), start + 7*day, ErrForged},
		{"one of another mailbox", moved.Sign(bob.Identity), start + 7*day, ErrForged},
		{"a stretched one", stretched, start + 7*day, ErrForged},
		{"one that is signed for more than 60 days", long.Sign(bob.Identity), start + 7*day, ErrForged},
		{"an expired one", newest.Sign(bob.Identity), start + 67*day, ErrExpired},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k, err := ParsePublicMailboxKey(row.signed)
			if err != nil {
				t.Fatal(err)
			}
			checkRefused(t, k.Verify(device, 2, row.now), row.want)
		})
	}
}

func TestAttackMailboxKeyOfTheServersMaking(t *testing.T) {
	alice, bob, server := newPerson(t, home), newPerson(t, home), newPerson(t, home)
	to := bob.address()
	to.Key = server.public
	_, err := SealEnvelope(alice.Identity, alice.manifest, to, newMessage("hello"))
	checkRefused(t, err, ErrForged)
}

func TestFramesUnderOtherManifests(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	first := alice.manifest
	second := alice.NewManifest(first, start+1)
	fork := alice.NewManifest(first, start+2)
	stolen := *alice.Identity // the device that is struck off
	replaced := *alice.Identity
	replaced.device, replaced.Device = NewSigningKey(), alice.Device+1
	withoutDevice := replaced.NewManifest(first, start+1)
	reused := replaced
	reused.Device = alice.Device
	sameNumber := reused.NewManifest(first, start+1)

	rows := []struct {
		name       string
		under      *Manifest
		introduced bool
		known      *Manifest
		want       error
	}{
		{"of a stranger who is introduced", first, true, nil, nil},
		{"of a stranger who is not", first, false, nil, ErrUnknownManifest},
		{"under the known one", first, false, first, nil},
		{"under the known one, introduced again", first, true, first, nil},
		{"under a newer one, introduced", second, true, first, nil},
		{"under a newer one, not introduced", second, false, first, ErrUnknownManifest},
		{"under an older one, introduced", first, true, second, nil},
		{"under an older one, not introduced", first, false, second, ErrUnknownManifest},
		{"under another with the same number", fork, true, second, ErrEquivocation},
		{"by a device that was struck off", first, true, withoutDevice, ErrRollback},
		{"by a device whose number has a new key", first, true, sameNumber, ErrRollback},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := newMessage("hello")
			m.Sent = start + 30
			if row.introduced {
				m.Introduction = stolen.Introduction(row.under)
			}
			envelope, err := SealEnvelope(&stolen, row.under, bob.address(), m)
			if err != nil {
				t.Fatal(err)
			}
			f, err := bob.open(envelope)
			if err != nil {
				t.Fatal(err)
			}
			if f.Sender() != alice.Account() || f.ManifestHash() != row.under.Hash() || f.Introduced() != row.introduced || f.Epoch() != 1 {
				t.Error("the frame says something else of itself")
			}
			_, got, err := f.Verify(row.known)
			checkRefused(t, err, row.want)
			if err == nil && got.Hash() != row.under.Hash() {
				t.Error("it was verified against another manifest")
			}
		})
	}
}

func TestAttackDowngradeFromSessions(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	withCaps := alice.sign(func(m *Manifest) { m.Devices[0].Caps = CapSessions })
	later := alice.sign(func(m *Manifest) {
		m.Seq, m.Prev, m.Devices[0].Caps = 2, alice.manifest.Hash(), CapSessions
	})
	for _, row := range []struct {
		name         string
		under, known *Manifest
	}{
		{"under the manifest that lists them", withCaps, withCaps},
		{"under an older one", alice.manifest, later},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMessage("hello")
			m.Introduction = alice.Introduction(row.under)
			frame, err := signFrame(alice.Identity, row.under.Hash(), bob.destination(1), m)
			if err != nil {
				t.Fatal(err)
			}
			_, err = bob.receive(bob.wrap(t, frame), row.known)
			checkRefused(t, err, ErrDowngrade)
		})
	}
	_, err := SealEnvelope(alice.Identity, withCaps, bob.address(), newMessage("hello"))
	checkRefused(t, err, ErrDowngrade)
}

// sign returns the manifest of p with whatever somebody who has the account key makes of it.
func (p *person) sign(change func(*Manifest)) *Manifest {
	m := *p.manifest
	m.Devices = slices.Clone(m.Devices)
	change(&m)
	unsigned := m.unsigned()
	m.raw = append(unsigned, p.account.Sign(labelled(manifestLabel, unsigned))...)
	return &m
}

func TestManifestsThatNobodyShouldSign(t *testing.T) {
	alice := newPerson(t, home)
	rows := map[string]func(*Manifest){
		"no devices":                func(m *Manifest) { m.Devices = nil },
		"nine devices":              func(m *Manifest) { m.Devices = devices(9) },
		"a device twice":            func(m *Manifest) { m.Devices = append(m.Devices, m.Devices[0]) },
		"devices out of order":      func(m *Manifest) { m.Devices = []Device{devices(2)[1], devices(2)[0]} },
		"a device without a number": func(m *Manifest) { m.Devices[0].ID = 0 },
		"an address that is none":   func(m *Manifest) { m.Devices[0].Server.URL = "ftp://home.example.org" },
		"another form of address":   func(m *Manifest) { m.Devices[0].Server.URL = "HTTPS://home.example.org" },
		"number zero":               func(m *Manifest) { m.Seq = 0 },
		"a first with one before":   func(m *Manifest) { m.Prev = wire.Hash{1} },
		"a second with none before": func(m *Manifest) { m.Seq = 2 },
		"a negative time":           func(m *Manifest) { m.Issued = -1 },
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			_, err := ParseManifest(alice.sign(change).raw)
			checkRefused(t, err, ErrMalformed)
		})
	}
}

// devices returns n devices with the longest addresses that there may be.
func devices(n int) (list []Device) {
	long := "https://" + string(bytes.Repeat([]byte("a.b"), (maxURL-len("https://"))/3)) + "c"
	for i := range n {
		list = append(list, Device{ID: uint32(i + 1), Server: Server{URL: long}})
	}
	return list
}

func TestNumberOfDevicesDoesNotShow(t *testing.T) {
	alice := newPerson(t, home)
	most := alice.sign(func(m *Manifest) { m.Devices = devices(MaxDevices) })
	for _, m := range []*Manifest{alice.manifest, most} {
		sealed := m.Seal(alice.Profile)
		if len(sealed) != SealedManifestSize || len(sealed) > wire.MaxManifest {
			t.Errorf("%d devices are sealed to %d bytes", len(m.Devices), len(sealed))
		}
		got, err := OpenManifest(alice.Profile, sealed)
		if err != nil || got.Hash() != m.Hash() {
			t.Errorf("%d devices: %v", len(m.Devices), err)
		}
	}
}
