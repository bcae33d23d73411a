package chat

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestIdentityIsTheSameAfterTheRing(t *testing.T) {
	for _, server := range []Server{home, away} {
		want := NewIdentity(server)
		got, err := ParseIdentity(want.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if *got != *want {
			t.Errorf("at %s it is another", server.URL)
		}
	}
}

func TestIdentityOfANewerVersion(t *testing.T) {
	for i := range 2 {
		b := NewIdentity(home).Encode()
		b[i]++
		if _, err := ParseIdentity(b); !errors.Is(err, ErrVersion) {
			t.Errorf("byte %d: %v, want ErrVersion", i, err)
		}
	}
}

func TestServersCannotLinkTheKeysOfAnIdentity(t *testing.T) {
	id := NewIdentity(home)
	seen := map[wire.PublicKey]string{}
	keys := map[string]wire.PublicKey{
		"quota": id.QuotaKey().Public(), "mailbox": id.MailboxOwner().Public(), "locator": id.LocatorKey().Public(),
		"device": id.device.Public(), "account": id.account.Public(),
	}
	id.Server = away
	keys["locator at another server"] = id.LocatorKey().Public()
	for name, key := range keys {
		if other, ok := seen[key]; ok {
			t.Errorf("the keys for %s and %s are one", name, other)
		}
		seen[key] = name
	}
	id.Server = home
	if id.LocatorKey().Public() != keys["locator"] {
		t.Error("the key of a locator is another every time")
	}
}

func TestSigningKeySigns(t *testing.T) {
	k := NewIdentity(home).QuotaKey()
	public := k.Public()
	if !ed25519.Verify(public[:], []byte("message"), k.Sign([]byte("message"))) {
		t.Error("the signature does not hold")
	}
}

func TestAccountID(t *testing.T) {
	a := NewIdentity(home).Account()
	for _, s := range []string{a.String(), strings.ToUpper(a.String())} {
		if got, err := ParseAccountID(s); err != nil || got != a {
			t.Errorf("%s: %v", s, err)
		}
	}
	text, err := a.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var b AccountID
	if err := b.UnmarshalText(text); err != nil || a != b {
		t.Errorf("%s: %v", text, err)
	}
	if !strings.HasPrefix(a.String(), a.Short()) || len(a.Short()) != 8 {
		t.Errorf("%s is %s for short", a, a.Short())
	}
	for _, s := range []string{"", a.String()[1:], a.String() + "a", strings.Repeat("1", 52), a.String()[:51] + "b"} {
		if _, err := ParseAccountID(s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v, want ErrMalformed", s, err)
		}
	}
}

func TestSafetyNumber(t *testing.T) {
	a, b, c := AccountID{1}, AccountID{2}, AccountID{3}
	n := SafetyNumber(a, b)
	if n != SafetyNumber(b, a) {
		t.Error("the two do not see the same")
	}
	if n == SafetyNumber(a, c) || n == SafetyNumber(b, c) {
		t.Error("somebody else has it too")
	}
	groups := strings.Split(n, " ")
	if len(groups) != 12 || len(n) != 71 {
		t.Errorf("%q is not twelve groups of five", n)
	}
	if only := strings.Trim(n, "0123456789 "); only != "" {
		t.Errorf("%q has more than digits", n)
	}
}

func TestMailboxKeyTimes(t *testing.T) {
	k := NewIdentity(home).NewMailboxKey(1, start)
	if k.NeedsRotation(start+7*day-1) || !k.NeedsRotation(start+7*day) {
		t.Error("it is not rotated after a week")
	}
	for _, row := range []struct {
		name            string
		successor, want int64
	}{
		{"without a successor", 0, start + 60*day},
		{"rotated on time", start + 7*day, start + 37*day},
		{"rotated late", start + 29*day, start + 59*day},
		{"rotated so late that its own time is up first", start + 50*day, start + 60*day},
	} {
		if got := k.EraseAt(row.successor); got != row.want {
			t.Errorf("%s: erased on day %d, want %d", row.name, (got-start)/day, (row.want-start)/day)
		}
	}
	got, err := ParseMailboxKey(k.Encode())
	if err != nil || *got != *k {
		t.Errorf("after the ring it is another: %v", err)
	}
}

func TestRotatedMailboxKeysOpenWhatWasSealedToEach(t *testing.T) {
	alice, bob := newPerson(t, home), newPerson(t, home)
	early := alice.seal(t, bob, newMessage("to the first"))
	bob.rotate(t, start)
	late := alice.seal(t, bob, newMessage("to the second"))
	for _, envelope := range [][]byte{early, late} {
		if _, err := bob.receive(envelope, alice.manifest); err != nil {
			t.Error(err)
		}
	}
	bob.keys = bob.keys[1:]
	_, err := bob.receive(early, alice.manifest)
	checkRefused(t, err, ErrUnknownKey)
}

func TestPublicMailboxKeyFitsTheServer(t *testing.T) {
	signed := newPerson(t, home).public.Encode()
	if len(signed) > wire.MaxMailboxKey {
		t.Errorf("%d bytes", len(signed))
	}
}

func TestManifestRenewal(t *testing.T) {
	alice := newPerson(t, home)
	m := alice.manifest
	if m.NeedsRenewal(start+30*day-1) || !m.NeedsRenewal(start+30*day) {
		t.Error("it is not renewed after 30 days")
	}
	if m.Device(alice.Device) == nil || m.Device(alice.Device+1) != nil {
		t.Error("it lists other devices")
	}
	next := alice.NewManifest(m, start+30*day)
	if next.Seq != 2 || next.Prev != m.Hash() {
		t.Errorf("the next is %d after %v", next.Seq, next.Prev)
	}
	got, err := ParseManifest(next.Encode())
	if err != nil || !bytes.Equal(got.Encode(), next.Encode()) {
		t.Errorf("encoded it is another: %v", err)
	}
}

func TestIntroductionLeadsBack(t *testing.T) {
	alice := newPerson(t, away)
	if got := alice.Introduction(alice.manifest).Card(); got != alice.Card() {
		t.Error("who is introduced has another contact string")
	}
}
