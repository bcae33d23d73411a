package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestNothingIsReleasedFromAtOn(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn) // no reaper runs
		b, m := h.uploaded(1, 2*time.Second), h.box()
		h.must(m.post(envelope(), 2*time.Second))
		for _, q := range b.reads() {
			h.must(q)
		}
		time.Sleep(2100 * time.Millisecond)
		for _, q := range b.reads() {
			h.refuse(q, wire.CodeGone)
		}
		if a := h.must(m.inbox(0, 0)); len(a.body) != 0 {
			t.Error("an envelope is released after its time")
		}
	})
}

func TestWhatIsDueGoesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := mem.New()
		h := open(t, dsn, blobs, server.Config{})
		h.run()
		b, m := h.uploaded(600<<10, 2*time.Second), h.box()
		h.must(m.post(envelope(), 2*time.Second))
		if n := len(objects(t, blobs, "b/")); n != b.parts() {
			t.Fatalf("%d objects for %d parts", n, b.parts())
		}
		eventually(t, 8*time.Second, "rows and objects are gone", func() bool {
			st, err := h.db.Stats(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return st.Blobs == 0 && st.Envelopes == 0 && st.Outbox == 0 && len(objects(t, blobs, "b/")) == 0
		})
	})
}

func TestRemovedBlobLosesItsObjectsAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := mem.New()
		h := open(t, dsn, blobs, server.Config{})
		h.run()
		b := h.uploaded(1, time.Hour)
		h.must(request{method: "DELETE", path: wire.BlobPath(b.id), token: b.del})
		eventually(t, 5*time.Second, "the object is gone", func() bool { return len(objects(t, blobs, "b/")) == 0 })
	})
}

// A stubborn store fails to delete until it is told to be well.
type stubborn struct {
	storage.Store
	well    atomic.Bool
	mu      sync.Mutex
	deleted map[string]int
}

func (s *stubborn) Delete(ctx context.Context, keys ...string) error {
	if !s.well.Load() {
		return errors.New("not now")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		s.deleted[key]++
	}
	return s.Store.Delete(ctx, keys...)
}

func TestObjectsWaitForAStoreThatIsNotWell(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := &stubborn{Store: mem.New(), deleted: make(map[string]int)}
		h := open(t, dsn, blobs, server.Config{})
		b := h.uploaded(1, time.Hour)
		h.must(request{method: "DELETE", path: wire.BlobPath(b.id), token: b.del})
		if err := h.s.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, _, err := h.db.OutboxStats(t.Context())
		if err != nil || rows != 1 {
			t.Fatalf("%d objects wait, error %v", rows, err)
		}
	})
}

// Servers that share a database claim each object once.
func TestObjectsAreDeletedOnce(t *testing.T) {
	dsn := postgres(t)
	blobs := &stubborn{Store: mem.New(), deleted: make(map[string]int)}
	blobs.well.Store(true)
	first, second := open(t, dsn, blobs, server.Config{}), open(t, dsn, blobs, server.Config{})
	key := first.enrolled()
	tickets := first.tickets(key, wire.TicketBlob16M, 8)
	for _, ticket := range tickets {
		b := newBlob(600<<10, time.Hour, []wire.Row{ticket})
		created, err := wire.ParseCreated(first.must(b.create()).body)
		if err != nil {
			t.Fatal(err)
		}
		b.id = created.ID
		for i := range b.parts() {
			second.must(b.put(i)) // begun at one, continued at the other
		}
		first.must(request{method: "DELETE", path: wire.BlobPath(b.id), token: b.del})
	}
	var wg sync.WaitGroup
	for _, h := range []*house{first, second, first, second} {
		wg.Go(func() {
			if err := h.s.Reap(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for key, n := range blobs.deleted {
		if n != 1 {
			t.Errorf("%s was deleted %d times", key, n)
		}
	}
	if len(blobs.deleted) < 8 || len(objects(t, blobs, "b/")) != 0 {
		t.Errorf("%d objects were deleted, %d are left", len(blobs.deleted), len(objects(t, blobs, "b/")))
	}
}

func TestTwoServersOverOneDatabaseAreOne(t *testing.T) {
	dsn, blobs := postgres(t), mem.New()
	first, second := open(t, dsn, blobs, server.Config{}), open(t, dsn, blobs, server.Config{})
	first.run()
	second.run()
	if first.s.ID() != second.s.ID() {
		t.Fatal("they are two identities")
	}
	m := first.box()
	first.must(m.post(envelope(), time.Hour)) // proves nothing, but lets the second begin to listen
	second.must(m.inbox(0, 20))
	for seq := uint64(1); seq < 4; seq++ {
		time.AfterFunc(300*time.Millisecond, func() { first.must(m.post(envelope(), time.Hour)) })
		start := time.Now()
		got := items(t, second.must(m.inbox(seq, 20)).body)
		if len(got) != 1 || time.Since(start) > 5*time.Second {
			t.Errorf("a reader at the other server got %d items after %v", len(got), time.Since(start))
		}
	}
	b := first.uploaded(300<<10, time.Hour)
	for i := range b.parts() {
		if a := second.must(b.get(i)); !bytes.Equal(a.body, b.part(i)) {
			t.Error("a part comes back changed from the other server")
		}
	}
}

// Whatever the store does wrong, to try again helps, and nothing stays that nobody knows of.
func TestFaultsLoseNothingAndLeaveNothing(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		inner := mem.New()
		h := open(t, dsn, inner, server.Config{})
		b := h.begin(2<<20, time.Hour)
		s, err := server.New(server.Config{}, storagetest.Faulty(inner, 7, 0.4), h.db)
		for errors.Is(err, storagetest.ErrFault) {
			s, err = server.New(server.Config{}, storagetest.Faulty(inner, 8, 0.4), h.db)
		}
		if err != nil {
			t.Fatal(err)
		}
		ill := serve(t, s, h.db)
		for i := range b.parts() {
			ill.persist(b.put(i))
		}
		h.must(b.commit(time.Now().Unix() + 60))
		for range 20 {
			s.Reap(t.Context()) // what it cannot delete it tries again in a minute
		}
		keys := objects(t, inner, "b/")
		if known, err := h.db.Known(t.Context(), keys); err != nil || len(known) != len(keys) {
			t.Errorf("nothing knows of %d objects; error %v", len(keys)-len(known), err)
		}
		if st, err := h.db.Stats(t.Context()); err != nil || st.Parts != b.parts() || st.Intents != 0 {
			t.Errorf("%d parts and %d intents, error %v", st.Parts, st.Intents, err)
		}
		checkFetch(t, h, b)
	})
}

// persist makes a request until the store is well.
func (h *house) persist(q request) {
	h.t.Helper()
	for range 100 {
		a := h.do(q)
		if a.status < 300 {
			return
		}
		if a.code() != wire.CodeUnavailable {
			h.t.Fatalf("status %d: %s", a.status, a.body)
		}
	}
	h.t.Fatal("the store is never well")
}

// A crashing store ends the process, as far as a request can tell, at a point of its Put.
type crashing struct {
	storage.Store
	before, after bool
}

func (s *crashing) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if s.before {
		panic("crash")
	}
	err := s.Store.Put(ctx, key, r, size)
	if s.after {
		panic("crash")
	}
	return err
}

func TestCrashBetweenTheStepsLeavesAnIntent(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := &crashing{Store: mem.New()}
		h := open(t, dsn, blobs, server.Config{})
		b := h.begin(1, time.Hour)
		blobs.before = true
		h.refuse(b.put(0), wire.CodeInternal)
		blobs.before, blobs.after = false, true
		h.refuse(b.put(0), wire.CodeInternal)
		blobs.after = false
		h.must(b.put(0))
		st, err := h.db.Stats(t.Context())
		if err != nil || st.Intents != 2 || st.Parts != 1 {
			t.Errorf("%d intents for two crashes, and %d parts; error %v", st.Intents, st.Parts, err)
		}
		known, err := h.db.Known(t.Context(), objects(t, blobs, "b/"))
		if err != nil || len(known) != 2 {
			t.Errorf("%d of two objects are known; error %v", len(known), err)
		}
	})
}

func TestPartWithoutItsObjectIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := mem.New()
		h := open(t, dsn, blobs, server.Config{})
		b := h.uploaded(300<<10, time.Hour)
		for _, key := range objects(t, blobs, "b/") {
			blobs.Delete(t.Context(), key)
		}
		h.refuse(b.get(0), wire.CodeGone)
		st, err := h.db.Stats(t.Context())
		if err != nil || st.LostParts != 1 {
			t.Errorf("%d parts are lost, error %v", st.LostParts, err)
		}
	})
}

func TestSweepFindsOrphansBothWays(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := &aged{Store: mem.New()}
		h := open(t, dsn, blobs, server.Config{})
		b := h.uploaded(1, time.Hour)
		lost := objects(t, blobs, "b/")[0]
		h.uploaded(1, time.Hour)
		orphan := "b/07/abcdefghijklmnopqrstuvwxyz"
		if err := blobs.Put(t.Context(), orphan, strings.NewReader("x"), 1); err != nil {
			t.Fatal(err)
		}
		sweep := func(dryRun bool, want server.Report) {
			t.Helper()
			got, err := h.s.Sweep(t.Context(), dryRun)
			if err != nil || got != want {
				t.Errorf("dry run %v: %+v, %v, want %+v", dryRun, got, err, want)
			}
		}
		sweep(false, server.Report{Objects: 3}) // all of it is young
		blobs.age.Store(int64(72 * time.Hour))
		sweep(true, server.Report{Objects: 3, Orphans: 1, Bytes: 1})
		sweep(false, server.Report{Objects: 3, Orphans: 1, Bytes: 1})
		sweep(false, server.Report{Objects: 2})
		h.must(b.get(0))
		blobs.Delete(t.Context(), lost)
		sweep(true, server.Report{Objects: 1, Lost: 1})
		sweep(false, server.Report{Objects: 1, Lost: 1})
		sweep(false, server.Report{Objects: 1})
		h.refuse(b.get(0), wire.CodeGone)
	})
}

// An aged store says that its objects are older than they are.
type aged struct {
	storage.Store
	age atomic.Int64
}

func (s *aged) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		for o, err := range s.Store.List(ctx, prefix) {
			o.ModTime = o.ModTime.Add(-time.Duration(s.age.Load()))
			if !yield(o, err) {
				return
			}
		}
	}
}

func TestStoreOfAnotherDatabaseIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		mine, other, empty := mem.New(), mem.New(), mem.New()
		h := open(t, dsn, mine, server.Config{})
		open(t, "sqlite:"+t.TempDir()+"/other.db", other, server.Config{})
		h.uploaded(1, time.Hour)
		if _, err := server.New(server.Config{}, mine, h.db); err != nil {
			t.Errorf("a second start is refused: %v", err)
		}
		for name, blobs := range map[string]storage.Store{"another's": other, "an empty": empty} {
			if _, err := server.New(server.Config{}, blobs, h.db); err == nil {
				t.Errorf("%s store is taken", name)
			}
		}
		if len(objects(t, empty, "")) != 0 {
			t.Error("a store that was refused was written to")
		}
		mine.Delete(t.Context(), objects(t, mine, "marker")...)
		if _, err := h.s.Sweep(t.Context(), true); err == nil {
			t.Error("a store without a marker is swept")
		}
	})
}

// A database that was restored from an old copy takes what came since for orphans.
func TestNothingIsSweptAfterARestore(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		blobs := mem.New()
		h := open(t, dsn, blobs, server.Config{})
		h.run() // leaves the first heartbeat
		eventually(t, 5*time.Second, "a heartbeat", func() bool { return len(objects(t, blobs, "heartbeat/")) == 1 })
		if _, err := h.s.Sweep(t.Context(), false); err != nil {
			t.Error(err)
		}
		later := "heartbeat/0000000000000099"
		if err := blobs.Put(t.Context(), later, strings.NewReader("1"), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Sweep(t.Context(), true); err == nil || !strings.Contains(err.Error(), "restored") {
			t.Errorf("a store with a later heartbeat is swept: %v", err)
		}
	})
}

func TestManyOrphansAreASignThatSomethingIsWrong(t *testing.T) {
	blobs := &aged{Store: mem.New()}
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", blobs, server.Config{})
	blobs.age.Store(int64(72 * time.Hour))
	for i := range 101 {
		key := fmt.Sprintf("b/%02x/abcdefghijklmnopqrstuvwxyz", i)
		if err := blobs.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
			t.Fatal(err)
		}
	}
	r, err := h.s.Sweep(t.Context(), false)
	if err == nil || r.Orphans != 101 || len(objects(t, blobs, "b/")) != 101 {
		t.Errorf("%+v, error %v, and %d objects are left", r, err, len(objects(t, blobs, "b/")))
	}
}
