package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestEveryValueHasOneText(t *testing.T) {
	id := wire.BlobID{1, 2, 3}
	var back wire.BlobID
	if err := back.UnmarshalText([]byte(id.String())); err != nil || back != id {
		t.Fatalf("%v came back as %v: %v", id, back, err)
	}
	for name, text := range map[string]string{
		"too short":              id.String()[1:],
		"too long":               id.String() + "A",
		"with padding":           id.String() + "==",
		"with a line break":      id.String()[:20] + "\r\n",
		"in the other alphabet":  strings.Repeat("+", 22),
		"with bits left at last": id.String()[:21] + "B",
		"empty":                  "",
	} {
		if err := back.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %v", name, back)
		}
	}
	token := wire.NewToken()
	if parsed, err := wire.ParseToken(token.Encode()); err != nil || parsed != token {
		t.Errorf("a token comes back as another: %v", err)
	}
	if _, err := wire.ParseToken("\n" + token.Encode()[1:]); err == nil {
		t.Error("a token with a line break is accepted")
	}
}

func TestDigestFieldHasOneForm(t *testing.T) {
	h := wire.Sum([]byte("x"))
	if back, err := wire.ParseDigest(wire.DigestField(h)); err != nil || back != h {
		t.Fatalf("a digest comes back as another: %v", err)
	}
	field := wire.DigestField(h)
	for name, bad := range map[string]string{
		"another algorithm": strings.Replace(field, "256", "512", 1), "two of them": field + ", " + field,
		"no end": strings.TrimSuffix(field, ":"), "a space": " " + field, "a line break": field[:20] + "\n" + field[21:],
		"empty": "",
	} {
		if _, err := wire.ParseDigest(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestItemsFollowEachOther(t *testing.T) {
	want := []wire.Item{
		{Seq: 1, Received: 2, At: 3, Via: wire.ViaIntro, Envelope: []byte("one")},
		{Seq: 2, Received: 4, At: 5, Via: wire.ViaDelivery, Envelope: make([]byte, wire.MaxEnvelope)},
	}
	var b []byte
	for _, it := range want {
		b = it.Append(b)
	}
	for i := range want {
		it, rest, err := wire.ParseItem(b)
		if err != nil || it.Seq != want[i].Seq || it.Via != want[i].Via || string(it.Envelope) != string(want[i].Envelope) {
			t.Fatalf("item %d: %v %v", i, it.Seq, err)
		}
		for cut := range min(40, len(b)-len(rest)) {
			if _, _, err := wire.ParseItem(b[:cut]); err == nil {
				t.Fatalf("item %d is accepted when cut to %d bytes", i, cut)
			}
		}
		b = rest
	}
	if len(b) != 0 {
		t.Errorf("%d bytes are left", len(b))
	}
}

func TestRoundedTimesTellLess(t *testing.T) {
	const now = 1_790_000_123
	for _, row := range []struct {
		name string
		ttl  int64
		unit int64
	}{
		{"seconds below an hour", 3599, 1},
		{"five minutes from an hour on", 3600, 300},
		{"hours from a day on", 86400, 3600},
	} {
		at := wire.RoundAt(now, seconds(row.ttl))
		if at%row.unit != 0 || at < now+row.ttl || at >= now+row.ttl+row.unit {
			t.Errorf("%s: %d", row.name, at-now)
		}
	}
}

func TestTicketsSuffice(t *testing.T) {
	for n := int64(1); n <= wire.BlobSize(wire.PaddedSize(wire.MaxFileSize)); n = n*3 + 1 {
		kind, count := wire.TicketsFor(n)
		if int64(count)*kind.Bytes() < n || int64(count-1)*kind.Bytes() >= n || count > wire.MaxTickets {
			t.Errorf("%d tickets of kind %s for %d bytes", count, kind, n)
		}
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
