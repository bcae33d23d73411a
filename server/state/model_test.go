package state_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A model is what the server should remember of blobs: the same rules in plain Go. Its clock counts hours.
type model struct {
	t       *testing.T
	d       *state.DB
	now     int
	blobs   []*modelBlob
	intents map[string]int // until when
	outbox  map[string]bool
	keys    int
}

type modelBlob struct {
	state.NewBlob
	parts     map[int]string // keys by number
	digests   map[int]wire.Hash
	committed bool
	at        int // the hour
}

const modelRoom = 4 << 20

func TestAccountsAgreeWithTheModel(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		rapid.Check(t, func(r *rapid.T) {
			must(t, d.Wipe(context.Background()))
			m := &model{t: t, d: d, intents: map[string]int{}, outbox: map[string]bool{}}
			r.Repeat(map[string]func(*rapid.T){
				"create": m.create, "part": m.part, "intent": m.intent, "drop": m.drop, "commit": m.commit, "delete": m.delete,
				"pass": m.pass, "reap": m.reap, "": m.check,
			})
		})
	})
}

func (m *model) reserved() (n int64) {
	for _, b := range m.blobs {
		n += b.Size
	}
	return n
}

// any draws a blob, due ones included.
func (m *model) any(r *rapid.T) *modelBlob {
	if len(m.blobs) == 0 {
		r.Skip("no blob")
	}
	return rapid.SampledFrom(m.blobs).Draw(r, "blob")
}

func (m *model) create(r *rapid.T) {
	b := newBlob(m.t, m.d, rapid.SampledFrom([]int64{small, large}).Draw(r, "size"))
	want := error(nil)
	if m.reserved()+b.Size > modelRoom {
		want = state.ErrFull
	}
	_, err := m.d.CreateBlob(context.Background(), b, modelRoom)
	m.same(r, "create", err, want)
	if want == nil {
		m.blobs = append(m.blobs, &modelBlob{
			NewBlob: b, parts: map[int]string{}, digests: map[int]wire.Hash{}, at: m.now + 24,
		})
	}
}

func (m *model) same(r *rapid.T, what string, got, want error) {
	if got != want {
		r.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func (m *model) announce() string {
	m.keys++
	key := string(rune('a'+m.keys%26)) + time.Duration(m.keys).String()
	must(m.t, m.d.AddIntent(context.Background(), key))
	m.intents[key] = m.now + 1
	return key
}

func (m *model) intent(*rapid.T) { m.announce() }

func (m *model) drop(r *rapid.T) {
	if len(m.intents) == 0 {
		r.Skip("no intent")
	}
	key := rapid.SampledFrom(sorted(m.intents)).Draw(r, "key")
	must(m.t, m.d.DropIntent(context.Background(), key))
	m.discard(key)
}

func (m *model) discard(key string) {
	delete(m.intents, key)
	m.outbox[key] = true
}

func (m *model) part(r *rapid.T) {
	b := m.any(r)
	p := state.Part{N: rapid.IntRange(0, 3).Draw(r, "n"), Digest: row(), Key: m.announce()}
	there := p.N < wire.Parts(b.Size, b.PartSize)
	if there {
		_, p.Size = wire.PartRange(b.Size, b.PartSize, p.N)
	}
	old, have := b.digests[p.N]
	again := have && rapid.Bool().Draw(r, "again")
	if again {
		p.Digest = old
	}
	err := m.d.AddPart(context.Background(), b.ID, b.Upload, p)
	switch {
	case b.at <= m.now:
		m.same(r, "a part of a blob that is due", err, state.ErrGone)
	case !there:
		m.same(r, "a part behind the last", err, state.ErrBadRequest)
	case have && !again:
		m.same(r, "another digest", err, state.ErrConflict)
	case have:
		m.same(r, "the same digest", err, nil)
	default:
		m.same(r, "a part", err, nil)
		delete(m.intents, p.Key)
		b.parts[p.N], b.digests[p.N], b.at = p.Key, p.Digest, m.now+24
		return
	}
	m.discard(p.Key)
}

func (m *model) commit(r *rapid.T) {
	b := m.any(r)
	hours := rapid.IntRange(1, 48).Draw(r, "hours")
	at := in(m.t, m.d, time.Duration(hours)*time.Hour)
	_, err := m.d.Commit(context.Background(), b.ID, b.Upload, at, 1<<30)
	switch {
	case b.at <= m.now:
		m.same(r, "commit of what is due", err, state.ErrGone)
	case b.committed:
		if err != nil && err != state.ErrConflict { // the same hour may be the same second
			r.Fatal(err)
		}
	case len(b.parts) < wire.Parts(b.Size, b.PartSize):
		m.same(r, "commit with parts missing", err, state.ErrIncomplete)
	default:
		m.same(r, "commit", err, nil)
		b.committed, b.at = true, m.now+hours
	}
}

func (m *model) delete(r *rapid.T) {
	b := m.any(r)
	err := m.d.DeleteBlob(context.Background(), b.ID, b.Delete)
	if b.at <= m.now {
		m.same(r, "delete of what is due", err, state.ErrGone)
		return
	}
	m.same(r, "delete", err, nil)
	m.remove(func(other *modelBlob) bool { return other == b })
}

func (m *model) remove(which func(*modelBlob) bool) {
	var kept []*modelBlob
	for _, b := range m.blobs {
		if !which(b) {
			kept = append(kept, b)
			continue
		}
		for _, key := range b.parts {
			m.outbox[key] = true
		}
	}
	m.blobs = kept
}

func (m *model) pass(r *rapid.T) {
	hours := rapid.IntRange(1, 30).Draw(r, "hours")
	pass(m.t, m.d, time.Duration(hours)*time.Hour)
	m.now += hours
}

func (m *model) reap(*rapid.T) {
	get[state.Reaped](m.t)(m.d.Reap(context.Background(), 1000))
	m.remove(func(b *modelBlob) bool { return b.at <= m.now })
	for key, until := range maps.Clone(m.intents) {
		if until <= m.now {
			m.discard(key)
		}
	}
}

// check compares all that can be counted.
func (m *model) check(r *rapid.T) {
	s := get[state.Stats](m.t)(m.d.Stats(context.Background()))
	want := state.Stats{
		Intents: len(m.intents), Outbox: len(m.outbox), QuotaKeys: s.QuotaKeys, Tickets: s.Tickets,
	}
	keys := map[string]bool{}
	for _, b := range m.blobs {
		if b.committed {
			want.Blobs++
			want.BytesUsed += b.Size
		} else {
			want.OpenBlobs++
			want.BytesReserved += b.Size
		}
		for _, key := range b.parts {
			want.Parts++
			keys[key] = true
		}
	}
	if s != want {
		r.Fatalf("there is %+v, want %+v", s, want)
	}
	if n := get[int64](m.t)(m.d.Reserved(context.Background())); n != m.reserved() {
		r.Fatalf("%d bytes are reserved, want %d", n, m.reserved())
	}
	got := map[string]bool{}
	for key, err := range m.d.EachPart(context.Background(), "") {
		must(m.t, err)
		got[key] = true
	}
	if !maps.Equal(got, keys) {
		r.Fatalf("the parts are %v, want %v", got, keys)
	}
}

func sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
