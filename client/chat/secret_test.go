package chat

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestSecretsDoNotPrint(t *testing.T) {
	alice := newPerson(t, home)
	canary := [32]byte([]byte("CANARY-CANARY-CANARY-CANARY-1234"))
	for _, k := range alice.Identity.keys() {
		*k = signingKeyOf(canary)
	}
	alice.Profile, alice.Intro = ProfileKeyOf(canary), IntroKeyOf([16]byte(canary[:16]))
	alice.Delivery = wire.TokenOf(canary)
	alice.keys[0].seed = wire.VeilOf(canary)
	message := newMessage("CANARY")
	message.Delivery = alice.Delivery
	message.Attachments = []Attachment{newAttachment("CANARY.jpg")}
	frame := &Frame{message: message, signed: canary[:]}
	attachment := newAttachment("CANARY.jpg")
	values := map[string]any{
		"an invite": Invite{Code: [16]byte(canary[:16])}, "a card": alice.Card(), "a profile key": alice.Profile,
		"an intro key": alice.Intro, "a signing key": alice.QuotaKey(), "an identity": alice.Identity,
		"an identity by value": *alice.Identity, "a mailbox key": alice.keys[0], "an attachment": attachment,
		"a pointer to an attachment": &attachment, "a message": message, "an introduction": alice.Introduction(alice.manifest),
		"a frame": frame, "what holds one": struct{ X any }{alice.Card()}, "several": []IntroKey{alice.Intro},
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) { checkUnprintable(t, v) })
	}
}

func checkUnprintable(t *testing.T, v any) {
	t.Helper()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	out := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d"} {
		out += fmt.Sprintf(verb, v)
	}
	if b, err := json.Marshal(v); err == nil {
		t.Errorf("it marshals to %s", b)
	}
	numbers := strings.Trim(fmt.Sprint([]byte("CANARY")), "[]")
	for _, form := range []string{"CANARY", hex.EncodeToString([]byte("CANARY")), numbers} {
		if strings.Contains(strings.ToUpper(out), strings.ToUpper(form)) {
			t.Errorf("it prints as %s", out)
		}
	}
	if !strings.Contains(out, "[key]") {
		t.Errorf("it does not print as [key]: %s", out)
	}
}
