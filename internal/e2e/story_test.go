package e2e

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
)

func TestPhotoReachesItsRecipientAndGoes(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		alice, bob := w.person(), w.person()
		meet(t, alice, bob)
		original := withExif(photo(t), "Canary McArtist")

		_, err := alice.Send(t.Context(), client.Outgoing{
			To: []string{"bob"}, Text: "look", Files: []client.File{file("", original)}, TTL: 3 * time.Second,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		messages := bob.receive()
		if len(messages) != 1 || messages[0].Text != "look" || len(messages[0].Attachments) != 1 {
			t.Fatalf("bob received %d messages", len(messages))
		}
		m := messages[0]
		saved, err := bob.Save(t.Context(), m, 0, t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if saved.Warning != nil {
			t.Errorf("the receiver's walk found %v", saved.Warning)
		}
		got, err := os.ReadFile(saved.Path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(got, []byte("Canary")) || len(got) < len(photo(t))/2 {
			t.Error("the picture arrived with its metadata, or not whole")
		}
		if err := bob.Shown(m); err != nil {
			t.Fatal(err)
		}

		time.Sleep(time.Until(time.Unix(m.At, 0)) + time.Second)
		if err := bob.Fetch(t.Context(), m.Attachments[0], nil, nil); !errors.Is(err, client.ErrGone) {
			t.Errorf("after its time a read is answered by %v", err)
		}
	})
}
