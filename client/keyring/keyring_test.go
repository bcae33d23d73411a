package keyring

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// in returns the time that is so far ahead of the ring's.
func in(r *Ring, d time.Duration) int64 { return r.Now() + int64(d/time.Second) }

// wantErr fails the test if err does not match target; nil matches nil alone.
func wantErr(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: got error %v, want %v", what, err, target)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func bucketAt(t *testing.T, r *Ring, at int64) Bucket {
	t.Helper()
	b, err := r.Bucket(at)
	ok(t, err)
	return b
}

func ownBucketAt(t *testing.T, r *Ring, at int64) Bucket {
	t.Helper()
	b, err := r.OwnBucket(at)
	ok(t, err)
	return b
}

// contents returns all records that can be read.
func contents(r *Ring, kinds ...string) map[Ref]string {
	m := make(map[Ref]string)
	for _, kind := range kinds {
		for id, value := range r.All(kind) {
			m[Ref{kind, id}] = string(value)
		}
	}
	return m
}

func wantContents(t *testing.T, r *Ring, want map[Ref]string) {
	t.Helper()
	kinds := make(map[string]bool)
	for ref := range want {
		kinds[ref.Kind] = true
	}
	got := contents(r, slices.Collect(maps.Keys(kinds))...)
	if !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestARecordIsWhatWasLastPutUnderItsName(t *testing.T) {
	r := Memory()
	defer r.Close()
	if _, found := r.Get("contact", "bob"); found {
		t.Fatal("got a record that nobody put")
	}
	soon := bucketAt(t, r, in(r, time.Hour))
	ok(t, r.Put(Never, "contact", "bob", []byte("one")))
	ok(t, r.Put(soon, "contact", "bob", []byte("two")))
	ok(t, r.Put(Never, "message", "bob", nil))
	wantContents(t, r, map[Ref]string{{"contact", "bob"}: "two", {"message", "bob"}: ""})
	if value, found := r.Get("message", "bob"); !found || value == nil {
		t.Errorf("got %v, %v for an empty record", value, found)
	}
	b, at, found := r.At("contact", "bob")
	if b != soon || at != in(r, time.Hour) || !found {
		t.Errorf("got At %v, %d, %v", b, at, found)
	}
	ok(t, r.Delete("contact", "bob"))
	ok(t, r.Delete("contact", "nobody"))
	if _, found := r.Get("contact", "bob"); found {
		t.Error("got a record that was deleted")
	}
	if _, _, found := r.At("contact", "bob"); found {
		t.Error("got the time of a record that was deleted")
	}
}

func TestValuesAreCopies(t *testing.T) {
	r := Memory()
	defer r.Close()
	mine := []byte("value")
	ok(t, r.Put(Never, "k", "id", mine))
	mine[0] = 'X'
	got, _ := r.Get("k", "id")
	got[1] = 'X'
	wantContents(t, r, map[Ref]string{{"k", "id"}: "value"})
}

func TestAllComesInTheOrderOfIdsAndTheLoopMayUseTheRing(t *testing.T) {
	r := Memory()
	defer r.Close()
	for _, id := range []string{"c", "a", "d", "b"} {
		ok(t, r.Put(Never, "k", id, []byte(id)))
	}
	var got []string
	for id, value := range r.All("k") {
		got = append(got, id+string(value))
		ok(t, r.Delete("k", "c"))
		ok(t, r.Put(Never, "k", id, []byte("seen")))
		if id == "b" {
			break
		}
	}
	for id, value := range r.All("k") {
		got = append(got, id+string(value))
	}
	if want := "aa bb aseen bseen dd"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestBounds(t *testing.T) {
	r := Memory()
	defer r.Close()
	long := strings.Repeat("n", MaxName)
	ok(t, r.Put(Never, long, long, make([]byte, MaxValue)))
	wantErr(t, "kind", r.Put(Never, long+"n", "", nil), ErrTooLong)
	wantErr(t, "id", r.Put(Never, "", long+"n", nil), ErrTooLong)
	wantErr(t, "value", r.Put(Never, "", "", make([]byte, MaxValue+1)), ErrTooLong)
	wantErr(t, "no such bucket", r.Put(Bucket{1}, "", "", nil), ErrGone)
	ok(t, r.Put(Never, "", "", nil))
	wantContents(t, r, map[Ref]string{{"", ""}: "", {long, long}: string(make([]byte, MaxValue))})
}

func TestBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Memory()
		defer r.Close()
		at := in(r, time.Hour)
		shared, own := bucketAt(t, r, at), ownBucketAt(t, r, at)
		if shared != bucketAt(t, r, at) || shared == own || own == ownBucketAt(t, r, at) || shared == bucketAt(t, r, at+1) {
			t.Error("buckets are not one for each time, and own ones one for each call")
		}
		if bucketAt(t, r, Forever) != Never {
			t.Error("Forever is not the time of Never")
		}
		_, err := r.Bucket(r.Now())
		wantErr(t, "a time that has come", err, ErrGone)
		_, err = r.OwnBucket(r.Now() - 1)
		wantErr(t, "a time that has come", err, ErrGone)
		wantErr(t, "hasten a shared one", r.Hasten(shared, at-1), ErrShared)
		wantErr(t, "hasten Never", r.Hasten(Never, at), ErrShared)
		wantErr(t, "hasten none", r.Hasten(Bucket{1}, at), ErrGone)

		ok(t, r.Put(own, "k", "own", nil))
		ok(t, r.Hasten(own, at-60))
		ok(t, r.Hasten(own, at)) // later: no change
		if _, got, _ := r.At("k", "own"); got != at-60 {
			t.Errorf("the bucket goes at %d, want %d", got, at-60)
		}
		time.Sleep(time.Hour - time.Minute)
		if _, found := r.Get("k", "own"); found {
			t.Error("got a record whose time has come")
		}
		wantErr(t, "put where the time has come", r.Put(own, "k", "own", nil), ErrGone)
		ok(t, r.Put(shared, "k", "own", []byte("again")))
		wantContents(t, r, map[Ref]string{{"k", "own"}: "again"})
	})
}

func TestForgetDestroysWhatHasItsTimeBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Memory()
		defer r.Close()
		for i := range 5 {
			id := fmt.Sprint(i)
			ok(t, r.Put(bucketAt(t, r, in(r, time.Duration(i+1)*time.Hour)), "k", id, []byte(id)))
			ok(t, r.Put(ownBucketAt(t, r, in(r, time.Duration(i+1)*time.Hour)), "own", id, []byte(id)))
		}
		ok(t, r.Put(Never, "k", "never", []byte("never")))
		files := len(r.store.(memory))
		time.Sleep(3 * time.Hour)
		n, err := r.Forget()
		if n != 6 || err != nil {
			t.Fatalf("Forget: got %d, %v, want 6", n, err)
		}
		if got := files - len(r.store.(memory)); got != 6 {
			t.Errorf("%d files are gone, want 6", got)
		}
		wantContents(t, r, map[Ref]string{
			{"k", "3"}: "3", {"k", "4"}: "4", {"own", "3"}: "3", {"own", "4"}: "4", {"k", "never"}: "never",
		})
		if n, err := r.Forget(); n != 0 || err != nil {
			t.Errorf("Forget again: got %d, %v", n, err)
		}
	})
}

func TestAClosedRingRemembersNothing(t *testing.T) {
	r := Memory()
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	ok(t, r.Close())
	ok(t, r.Close())
	if _, found := r.Get("k", "id"); found {
		t.Error("got a record from a closed ring")
	}
	_, err := r.Bucket(in(r, time.Hour))
	wantErr(t, "Bucket", err, ErrClosed)
	_, err = r.Bucket(Forever)
	wantErr(t, "Bucket", err, ErrClosed)
	_, err = r.Forget()
	wantErr(t, "Forget", err, ErrClosed)
	wantErr(t, "Put", r.Put(Never, "k", "id", nil), ErrClosed)
	wantErr(t, "Delete", r.Delete("k", "id"), ErrClosed)
	wantErr(t, "Erase", r.Erase(Ref{"k", "id"}), ErrClosed)
	wantErr(t, "Hasten", r.Hasten(Never, 1), ErrClosed)
	wantErr(t, "Adopt", r.Adopt(), ErrClosed)
	r.Observe(1)
}

func TestARingMayBeUsedByManyAtOnce(t *testing.T) {
	r := Memory()
	defer r.Close()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			kind := fmt.Sprint("k", w%2)
			for i := range 50 {
				id := fmt.Sprint(w, ".", i)
				b, err := r.OwnBucket(in(r, time.Hour))
				err = errors.Join(err, r.Put(b, kind, id, []byte(id)), r.Put(Never, kind, id, []byte(id)))
				if _, found := r.Get(kind, id); err != nil || !found {
					t.Errorf("put and get: %v, %v", err, found)
				}
				if i%2 == 0 {
					err = errors.Join(r.Delete(kind, id), r.Hasten(b, 1))
				}
				if i%10 == 0 {
					_, ferr := r.Forget()
					err = errors.Join(err, ferr, r.Erase(Ref{kind, id}))
				}
				if err != nil {
					t.Error(err)
				}
				for range r.All(kind) {
				}
				r.Observe(time.Now().Unix())
			}
		})
	}
	wg.Wait()
	if got := len(contents(r, "k0", "k1")); got != 8*25 {
		t.Errorf("%d records, want %d", got, 8*25)
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	r := Memory()
	defer r.Close()
	root := r.vault.candidates[0]
	for _, v := range []any{root, &root, r.buckets[Never].log.key, []Root{root}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			got := fmt.Sprintf(verb, v)
			if !strings.Contains(got, "[key]") || strings.Contains(got, fmt.Sprintf(verb, root.b)) {
				t.Errorf("%T prints with %s as %s", v, verb, got)
			}
		}
	}
}
