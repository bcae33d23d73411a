package state_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestCreateBlobRefuses(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		for _, c := range []struct {
			name   string
			change func(b *state.NewBlob)
			want   error
		}{
			{"a size that no file gives", func(b *state.NewBlob) { b.Size++ }, state.ErrBadRequest},
			{"a negative size", func(b *state.NewBlob) { b.Size = -1 }, state.ErrBadRequest},
			{"a part size that is no power of two", func(b *state.NewBlob) { b.PartSize++ }, state.ErrBadRequest},
			{"a part size of zero", func(b *state.NewBlob) { b.PartSize = 0 }, state.ErrBadRequest},
			{"no time to live", func(b *state.NewBlob) { b.TTL = 0 }, state.ErrBadRequest},
			{"no ticket", func(b *state.NewBlob) { b.Tickets = nil }, state.ErrBadRequest},
			{"too many tickets", func(b *state.NewBlob) { b.Tickets = make([]wire.Hash, wire.MaxTickets+1) }, state.ErrBadRequest},
			{"a ticket that never was", func(b *state.NewBlob) { b.Tickets[0] = row() }, state.ErrTicket},
			{"one ticket twice", func(b *state.NewBlob) { b.Tickets = append(b.Tickets, b.Tickets[0]) }, state.ErrTicket},
			{"a ticket that is worth too little", func(b *state.NewBlob) { b.Size = wire.BlobSize(16 << 20) }, state.ErrTicket},
			{"a ticket for a mailbox on top", func(b *state.NewBlob) {
				b.Tickets = append(b.Tickets, tickets(t, d, wire.TicketMailbox, 1)...)
			}, state.ErrTicket},
			{"more than the server has room for", func(b *state.NewBlob) {
				b.Size, b.Tickets = wire.BlobSize(256<<20), tickets(t, d, wire.TicketBlob4G, 1)
			}, state.ErrFull},
		} {
			b := newBlob(t, d, small)
			good := b
			good.Tickets = slices.Clone(b.Tickets)
			c.change(&b)
			_, err := d.CreateBlob(t.Context(), b, 100<<20)
			is(t, c.name, err, c.want)
			_, err = d.CreateBlob(t.Context(), good, 0)
			is(t, "after "+c.name+", with the ticket", err, nil)
		}
		if s := get[state.Stats](t)(d.Stats(t.Context())); s.BytesReserved != int64(s.OpenBlobs)*small {
			t.Errorf("%+v: what was refused is counted", s)
		}
	})
}

func TestCreateBlobAgain(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := newBlob(t, d, small)
		b.Tickets = append(b.Tickets, tickets(t, d, wire.TicketBlob16M, 1)...)
		first := get[wire.Created](t)(d.CreateBlob(ctx, b, 0))
		if first.ID != b.ID || first.Share.Reveal() != b.Share.Reveal() {
			t.Fatal("another blob was created")
		}
		again := b
		again.ID, again.Share = blobID(), wire.NewShare()
		if got := get[wire.Created](t)(d.CreateBlob(ctx, again, 0)); got != first {
			t.Error("the same request again created another blob")
		}
		for _, row := range []struct {
			name   string
			change func(b *state.NewBlob)
		}{
			{"another read token", func(b *state.NewBlob) { b.Read[0]++ }},
			{"another delete key", func(b *state.NewBlob) { b.Delete[0]++ }},
			{"another upload token", func(b *state.NewBlob) { b.Upload[0]++ }},
			{"another size", func(b *state.NewBlob) { b.Size = large }},
			{"another part size", func(b *state.NewBlob) { b.PartSize *= 2 }},
			{"another time to live", func(b *state.NewBlob) { b.TTL++ }},
			{"fewer tickets", func(b *state.NewBlob) { b.Tickets = b.Tickets[:1] }},
		} {
			other := again
			row.change(&other)
			_, err := d.CreateBlob(ctx, other, 0)
			is(t, row.name, err, state.ErrConflict)
		}

		p := part(t, d, b, 0)
		must(t, d.AddPart(ctx, b.ID, b.Upload, p))
		get[int64](t)(d.Commit(ctx, b.ID, b.Upload, in(t, d, time.Hour), 1<<20))
		_, err := d.CreateBlob(ctx, again, 0)
		is(t, "the same request after commit", err, state.ErrTicket)
	})
}

func TestReservedRoomIsExact(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		a, b := newBlob(t, d, small), newBlob(t, d, small)
		get[wire.Created](t)(d.CreateBlob(t.Context(), a, 2*small-1))
		_, err := d.CreateBlob(t.Context(), b, 2*small-1)
		is(t, "one byte too much", err, state.ErrFull)
		get[wire.Created](t)(d.CreateBlob(t.Context(), b, 2*small))
	})
}

func TestUpload(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := created(t, d, large)
		n := wire.Parts(large, b.PartSize)
		if got := get[state.Blob](t)(d.OpenBlob(ctx, b.ID, b.Upload)); got.Parts != 0 || got.Committed || got.Size != large ||
			got.PartSize != b.PartSize || got.TTL != b.TTL {
			t.Errorf("%+v", got)
		}
		at := in(t, d, time.Hour)
		_, err := d.Commit(ctx, b.ID, b.Upload, at, 1<<20)
		is(t, "commit without parts", err, state.ErrIncomplete)

		want := make([]wire.Hash, n)
		for i := n - 1; i >= 0; i-- {
			p := part(t, d, b, i)
			must(t, d.AddPart(ctx, b.ID, b.Upload, p))
			want[i] = p.Digest
			if got := get[[]wire.Hash](t)(d.UploadParts(ctx, b.ID, b.Upload)); !slices.Equal(got, want) {
				t.Errorf("after part %d the digests are %v, want %v", i, got, want)
			}
			got, there, err := d.PartDigest(ctx, b.ID, b.Upload, i)
			if err != nil || !there || got != p.Digest {
				t.Errorf("part %d: %v, %v, %v", i, got, there, err)
			}
			if i > 0 {
				_, err := d.Commit(ctx, b.ID, b.Upload, at, 1<<20)
				is(t, "commit with parts missing", err, state.ErrIncomplete)
			}
		}
		if s := get[state.Stats](t)(d.Stats(ctx)); s.Intents != 0 || s.Parts != n || s.Outbox != 0 {
			t.Errorf("%+v", s)
		}
		if got := get[int64](t)(d.Commit(ctx, b.ID, b.Upload, at, 1<<20)); got != at {
			t.Errorf("committed until %d, want %d", got, at)
		}
		get[int64](t)(d.Commit(ctx, b.ID, b.Upload, at, 1<<20))
		_, err = d.Commit(ctx, b.ID, b.Upload, at+1, 1<<20)
		is(t, "commit with another at", err, state.ErrConflict)
		if got := get[[]wire.Hash](t)(d.ReadParts(ctx, b.ID, b.Read)); !slices.Equal(got, want) {
			t.Errorf("the digests are %v, want %v", got, want)
		}
		p := state.Part{N: 0, Key: "late", Digest: want[0]}
		_, p.Size = wire.PartRange(b.Size, b.PartSize, 0)
		must(t, d.AddIntent(ctx, p.Key))
		is(t, "a part again after commit", d.AddPart(ctx, b.ID, b.Upload, p), nil)
		if got := outbox(t, d); len(got) != 1 || !got["late"] {
			t.Errorf("in the outbox are %v", got)
		}
	})
}

func TestAddPartLeavesNoObjectBehind(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		b, parts := filled(t, d, small)
		gone := created(t, d, small)
		must(t, d.DeleteBlob(t.Context(), gone.ID, gone.Delete))
		for _, row := range []struct {
			name   string
			id     wire.BlobID
			upload wire.Hash
			change func(p *state.Part)
			want   error
		}{
			{"the same digest again", b.ID, b.Upload, func(p *state.Part) { p.Digest = parts[0].Digest }, nil},
			{"another digest", b.ID, b.Upload, func(*state.Part) {}, state.ErrConflict},
			{"another token", b.ID, b.Read, func(*state.Part) {}, state.ErrGone},
			{"another blob", gone.ID, b.Upload, func(*state.Part) {}, state.ErrGone},
			{"a blob that was removed", gone.ID, gone.Upload, func(*state.Part) {}, state.ErrGone},
			{"a part behind the last", b.ID, b.Upload, func(p *state.Part) { p.N++ }, state.ErrBadRequest},
			{"a part before the first", b.ID, b.Upload, func(p *state.Part) { p.N-- }, state.ErrBadRequest},
			{"a part of another length", b.ID, b.Upload, func(p *state.Part) { p.Size-- }, state.ErrBadRequest},
		} {
			p := part(t, d, b, 0)
			row.change(&p)
			is(t, row.name, d.AddPart(t.Context(), row.id, row.upload, p), row.want)
			if got := outbox(t, d); len(got) != 1 || !got[p.Key] {
				t.Errorf("%s: in the outbox are %v, want %s", row.name, got, p.Key)
			}
		}
		if s := get[state.Stats](t)(d.Stats(t.Context())); s.Intents != 0 || s.Parts != 1 {
			t.Errorf("%+v, want one part and no intent", s)
		}
	})
}

func TestPartWithoutIntentIsNoPart(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := created(t, d, small)
		p := part(t, d, b, 0)
		pass(t, d, state.IntentLife)
		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r.Intents != 1 {
			t.Fatalf("%+v, want one intent", r)
		}
		is(t, "a part whose object is being deleted", d.AddPart(ctx, b.ID, b.Upload, p), state.ErrLate)
		if got := get[state.Blob](t)(d.OpenBlob(ctx, b.ID, b.Upload)); got.Parts != 0 {
			t.Errorf("%d parts, want none", got.Parts)
		}
	})
}

func TestIntentKeyIsUsedOnce(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		must(t, d.AddIntent(t.Context(), "k"))
		is(t, "an intent with a key that another has", d.AddIntent(t.Context(), "k"), state.ErrConflict)
		must(t, d.DropIntent(t.Context(), "k"))
		is(t, "dropping what is no intent", d.DropIntent(t.Context(), "k"), nil)
		if got := outbox(t, d); len(got) != 1 || !got["k"] {
			t.Errorf("in the outbox are %v, want k", got)
		}
	})
}

func TestCommitBoundsAt(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		b, _ := filled(t, d, small)
		const hour = 3600
		for _, row := range []struct {
			name    string
			at, max int64
			want    error
		}{
			{"now", 0, 1 << 40, state.ErrBadRequest},
			{"the past", -1 << 40, 1 << 40, state.ErrBadRequest},
			{"more than it was created for", b.TTL + hour + 60, 1 << 40, state.ErrBadRequest},
			{"more than the server allows by now", 2*hour + 60, hour, state.ErrBadRequest},
			{"as much as rounding needs", b.TTL + hour - 60, 1 << 40, nil},
		} {
			_, err := d.Commit(t.Context(), b.ID, b.Upload, in(t, d, 0)+row.at, row.max)
			is(t, row.name, err, row.want)
		}
	})
}

func TestOnlyTheRightTokenOpens(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, parts := committed(t, d, small)
		open, _ := filled(t, d, small)
		at := in(t, d, time.Minute)
		for name, use := range map[string]func(id wire.BlobID, token wire.Hash) error{
			"OpenBlob":     func(id wire.BlobID, h wire.Hash) error { _, err := d.OpenBlob(ctx, id, h); return err },
			"UploadParts":  func(id wire.BlobID, h wire.Hash) error { _, err := d.UploadParts(ctx, id, h); return err },
			"PartDigest":   func(id wire.BlobID, h wire.Hash) error { _, _, err := d.PartDigest(ctx, id, h, 0); return err },
			"Commit":       func(id wire.BlobID, h wire.Hash) error { _, err := d.Commit(ctx, id, h, at, 1<<20); return err },
			"ReadBlob":     func(id wire.BlobID, h wire.Hash) error { _, err := d.ReadBlob(ctx, id, h); return err },
			"ReadParts":    func(id wire.BlobID, h wire.Hash) error { _, err := d.ReadParts(ctx, id, h); return err },
			"ReadPart":     func(id wire.BlobID, h wire.Hash) error { _, err := d.ReadPart(ctx, id, h, 0); return err },
			"ReleaseShare": func(id wire.BlobID, h wire.Hash) error { _, err := d.ReleaseShare(ctx, id, h); return err },
			"DeleteBlob":   func(id wire.BlobID, h wire.Hash) error { return d.DeleteBlob(ctx, id, h) },
		} {
			wrong := []wire.Hash{b.Read, b.Delete}
			switch name {
			case "ReadBlob", "ReadParts", "ReadPart", "ReleaseShare":
				wrong = []wire.Hash{b.Upload, b.Delete}
				is(t, name+" of a blob that is open", use(open.ID, open.Read), state.ErrGone)
			case "DeleteBlob":
				wrong = []wire.Hash{b.Read, b.Upload}
			}
			for _, token := range append(wrong, open.Read, open.Upload, open.Delete, wire.Hash{}) {
				is(t, name+" with another token", use(b.ID, token), state.ErrGone)
			}
			is(t, name+" of another blob", use(blobID(), b.Read), state.ErrGone)
		}
		if share := get[wire.Share](t)(d.ReleaseShare(ctx, b.ID, b.Read)); share.Reveal() != b.Share.Reveal() {
			t.Error("another share")
		}
		if got := get[state.Part](t)(d.ReadPart(ctx, b.ID, b.Read, 0)); got != parts[0] {
			t.Errorf("%+v, want %+v", got, parts[0])
		}
		_, err := d.ReadPart(ctx, b.ID, b.Read, 1)
		is(t, "a part behind the last", err, state.ErrGone)
	})
}

func TestNothingIsReleasedFromAtOn(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, parts := committed(t, d, large)
		pass(t, d, time.Hour)
		_, err := d.ReadBlob(ctx, b.ID, b.Read)
		is(t, "ReadBlob", err, state.ErrGone)
		_, err = d.ReadParts(ctx, b.ID, b.Read)
		is(t, "ReadParts", err, state.ErrGone)
		_, err = d.ReadPart(ctx, b.ID, b.Read, 0)
		is(t, "ReadPart", err, state.ErrGone)
		_, err = d.ReleaseShare(ctx, b.ID, b.Read)
		is(t, "ReleaseShare", err, state.ErrGone)
		is(t, "DeleteBlob", d.DeleteBlob(ctx, b.ID, b.Delete), state.ErrGone)

		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r.Blobs != 1 {
			t.Errorf("%+v, want one blob", r)
		}
		checkGone(t, d, parts)
	})
}

func TestDeleteBlob(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, parts := committed(t, d, large)
		open, more := filled(t, d, small)
		must(t, d.DeleteBlob(ctx, b.ID, b.Delete))
		must(t, d.DeleteBlob(ctx, open.ID, open.Delete))
		is(t, "the same again", d.DeleteBlob(ctx, b.ID, b.Delete), state.ErrGone)
		_, err := d.ReleaseShare(ctx, b.ID, b.Read)
		is(t, "its share", err, state.ErrGone)
		checkGone(t, d, append(parts, more...))
	})
}

// checkGone checks that nothing is left but these objects in the outbox.
func checkGone(t *testing.T, d *state.DB, parts []state.Part) {
	t.Helper()
	s := get[state.Stats](t)(d.Stats(t.Context()))
	if s.Blobs+s.OpenBlobs+s.Parts+s.Intents != 0 || s.BytesUsed+s.BytesReserved != 0 {
		t.Errorf("%+v, want nothing", s)
	}
	want := map[string]bool{}
	for _, p := range parts {
		want[p.Key] = true
	}
	if got := outbox(t, d); !maps.Equal(got, want) {
		t.Errorf("in the outbox are %v, want %v", got, want)
	}
}

func TestOpenBlobLivesADayAfterItsLastPart(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := created(t, d, large)
		for i := range 2 {
			pass(t, d, wire.OpenLife-time.Minute)
			must(t, d.AddPart(ctx, b.ID, b.Upload, part(t, d, b, i)))
		}
		pass(t, d, wire.OpenLife)
		is(t, "a part too late", d.AddPart(ctx, b.ID, b.Upload, part(t, d, b, 2)), state.ErrGone)
		_, err := d.CreateBlob(ctx, b, 0)
		is(t, "the request to create it again", err, state.ErrTicket)
		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r.Blobs != 1 {
			t.Errorf("%+v, want one blob", r)
		}
		if got := outbox(t, d); len(got) != 3 {
			t.Errorf("in the outbox are %v, want three objects", got)
		}
	})
}
