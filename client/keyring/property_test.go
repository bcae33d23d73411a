package keyring

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A model is what a ring should be: a map, and the times of its buckets.
type model struct {
	at      map[Bucket]int64
	own     map[Bucket]bool
	records map[Ref]modelRecord
}

type modelRecord struct {
	bucket Bucket
	value  string
}

func (m *model) visible(now int64) map[Ref]string {
	seen := make(map[Ref]string)
	for ref, rec := range m.records {
		if m.at[rec.bucket] > now {
			seen[ref] = rec.value
		}
	}
	return seen
}

// forget removes what has gone, and returns how many buckets that was.
func (m *model) forget(now int64) (n int) {
	for b, at := range m.at {
		if at <= now {
			n++
			delete(m.at, b)
			maps.DeleteFunc(m.records, func(_ Ref, rec modelRecord) bool { return rec.bucket == b })
		}
	}
	return n
}

var (
	kinds    = []string{"k", "l"}
	drawKind = rapid.SampledFrom(kinds)
	drawID   = rapid.SampledFrom([]string{"a", "b", "c", ""})
	drawSize = rapid.SampledFrom([]int{0, 1, 100, 40 << 10})
	drawWait = rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour, 24 * time.Hour})
)

func drawRef(t *rapid.T) Ref { return Ref{drawKind.Draw(t, "kind"), drawID.Draw(t, "id")} }

func TestARingIsAMapThatForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, checkRing) // a *T would be asked for its deadline, which a bubble has not
	})
}

func checkRing(t *rapid.T) {
	r := Memory()
	disk, roots := r.store, r.vault.roots
	m := &model{map[Bucket]int64{Never: Forever}, map[Bucket]bool{}, map[Ref]modelRecord{}}
	pick := func(t *rapid.T) Bucket {
		return rapid.SampledFrom(slices.SortedFunc(maps.Keys(m.at), func(a, b Bucket) int {
			return slices.Compare(a[:], b[:])
		})).Draw(t, "bucket")
	}
	want := func(t *rapid.T, what string, err error, gone bool) bool {
		if gone != errors.Is(err, ErrGone) || !gone && err != nil {
			t.Fatalf("%s: got error %v, gone is %v", what, err, gone)
		}
		return err == nil
	}
	t.Repeat(map[string]func(*rapid.T){
		"bucket": func(t *rapid.T) {
			at := in(r, drawWait.Draw(t, "after")) / 60 * 60
			own := rapid.Bool().Draw(t, "own")
			makeBucket := r.Bucket
			if own {
				makeBucket = r.OwnBucket
			}
			b, err := makeBucket(at)
			if want(t, "bucket", err, at <= r.Now()) {
				if old, known := m.at[b]; known && (own || old != at) {
					t.Fatalf("bucket %v is not new", b)
				}
				m.at[b], m.own[b] = at, own
			}
		},
		"hasten": func(t *rapid.T) {
			b, at := pick(t), in(r, drawWait.Draw(t, "after"))
			switch err := r.Hasten(b, at); {
			case m.own[b] && err == nil:
				m.at[b] = min(m.at[b], at)
			case m.own[b] || !errors.Is(err, ErrShared):
				t.Fatalf("hasten: %v", err)
			}
		},
		"put": func(t *rapid.T) {
			b, ref := pick(t), drawRef(t)
			value := slices.Repeat([]byte{rapid.Byte().Draw(t, "value")}, drawSize.Draw(t, "size"))
			if want(t, "put", r.Put(b, ref.Kind, ref.ID, value), m.at[b] <= r.Now()) {
				m.records[ref] = modelRecord{b, string(value)}
			}
		},
		"delete": func(t *rapid.T) {
			ref := drawRef(t)
			want(t, "delete", r.Delete(ref.Kind, ref.ID), false)
			delete(m.records, ref)
		},
		"erase": func(t *rapid.T) {
			refs := []Ref{drawRef(t), drawRef(t)}
			want(t, "erase", r.Erase(refs...), false)
			for _, ref := range refs {
				delete(m.records, ref)
			}
			noTrace(t, r, refs)
		},
		"wait": func(t *rapid.T) { r.Observe(in(r, drawWait.Draw(t, "wait"))) }, // as the machine's clock stands still
		"forget": func(t *rapid.T) {
			n, err := r.Forget()
			if want := m.forget(r.Now()); n != want || err != nil {
				t.Fatalf("forget: got %d, %v, want %d", n, err, want)
			}
		},
		"reopen": func(t *rapid.T) {
			want(t, "close", r.Close(), false)
			r = newRing(disk, roots, homeID{})
			want(t, "open", r.open(), false)
		},
		"": func(t *rapid.T) {
			if got, want := contents(r, kinds...), m.visible(r.Now()); !maps.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			for ref := range m.visible(r.Now()) {
				if b, at, _ := r.At(ref.Kind, ref.ID); b != m.records[ref].bucket || at != m.at[b] {
					t.Fatalf("%v is in %v, which goes at %d; want %v", ref, b, at, m.records[ref].bucket)
				}
			}
			if roots := roots.(*memoryRoots).roots; len(roots) != 1 {
				t.Fatalf("%d root keys rest", len(roots))
			}
		},
	})
}

// noTrace reads what is on the disk: no entry of any log speaks of the records.
func noTrace(t *rapid.T, r *Ring, refs []Ref) {
	for _, b := range r.buckets {
		l := &log{store: r.store, name: b.log.name, key: b.log.key}
		err := l.read(func(e *entry, _ int) {
			if slices.Contains(refs, e.ref) {
				t.Fatalf("a log still speaks of %v", e.ref)
			}
		})
		if err != nil || l.size != b.log.size || l.count != b.log.count {
			t.Fatalf("a log reads as %d bytes, %d entries, %v; want %d, %d", l.size, l.count, err, b.log.size, b.log.count)
		}
	}
}
