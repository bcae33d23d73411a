package keyring

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errCrash = errors.New("the process is dead")
	errFull  = errors.New("no space left on device")
)

// What happens to the step at which a machine fails.
type fate int

const (
	undone fate = iota // it does not happen
	half               // half of it happens, where it has halves
	done               // it happens, and nobody hears of it
)

// A host counts the steps by which files and root keys change, and fails from one of them on.
type host struct {
	steps int
	from  int   // the first step that fails; -1 for none
	times int   // how many fail
	fate  fate  // of the first of them
	err   error // what the steps that fail return
}

// step runs do or what is left of it.
func (m *host) step(do, doHalf func() error) error {
	n := m.steps - m.from
	m.steps++
	switch {
	case m.from < 0 || n < 0 || n >= m.times:
		return do()
	case n == 0 && m.fate == half && doHalf != nil:
		doHalf()
	case n == 0 && m.fate == done:
		do()
	}
	return m.err
}

// faulty is a store on such a machine.
type faulty struct {
	store
	m *host
}

func (f faulty) append(name string, size int64, b []byte) error {
	return f.m.step(
		func() error { return f.store.append(name, size, b) },
		func() error { return f.store.append(name, size, b[:len(b)/2]) })
}

func (f faulty) replace(name string, b []byte) error {
	return f.m.step(
		func() error { return f.store.replace(name, b) },
		func() error { return f.store.replace(name+".new", b[:len(b)/2]) })
}

func (f faulty) remove(names ...string) error {
	return f.m.step(
		func() error { return f.store.remove(names...) },
		func() error { return f.store.remove(names[:len(names)/2]...) })
}

// faultyRoots is a Roots on such a machine.
type faultyRoots struct {
	Roots
	m *host
}

func (f faultyRoots) Store(roots ...Root) error {
	return f.m.step(func() error { return f.Roots.Store(roots...) }, nil)
}

// A story is what a client does, one act after the other. Each act leaves what the next rows of want say.
type act struct {
	name string
	do   func(s *scene) error
	want map[Ref]string // what can be read after it
}

// A scene is a ring on a machine, with the buckets that the acts speak of.
type scene struct {
	r        *Ring
	hour     Bucket
	own      Bucket
	hourTime int64
}

var story = []act{
	{"make a bucket", func(s *scene) (err error) {
		s.hour, err = s.r.Bucket(s.hourTime)
		return err
	}, nil},
	{"make a bucket of its own", func(s *scene) (err error) {
		s.own, err = s.r.OwnBucket(s.hourTime * 2)
		return err
	}, nil},
	{"put", put(func(s *scene) Bucket { return s.hour }, "a", "one"), map[Ref]string{{"k", "a"}: "one"}},
	{"replace", put(func(s *scene) Bucket { return s.hour }, "a", "two"), map[Ref]string{{"k", "a"}: "two"}},
	{
		"put in the other", put(func(s *scene) Bucket { return s.own }, "b", "three"),
		map[Ref]string{{"k", "a"}: "two", {"k", "b"}: "three"},
	},
	{"move to where it stays", put(never, "a", "four"), map[Ref]string{{"k", "a"}: "four", {"k", "b"}: "three"}},
	{
		"move back", put(func(s *scene) Bucket { return s.hour }, "a", "five"),
		map[Ref]string{{"k", "a"}: "five", {"k", "b"}: "three"},
	},
	{"put a third", put(never, "c", "six"), map[Ref]string{{"k", "a"}: "five", {"k", "b"}: "three", {"k", "c"}: "six"}},
	{
		"delete", func(s *scene) error { return s.r.Delete("k", "c") },
		map[Ref]string{{"k", "a"}: "five", {"k", "b"}: "three"},
	},
	{"erase", func(s *scene) error { return s.r.Erase(Ref{"k", "c"}, Ref{"k", "a"}) }, map[Ref]string{{"k", "b"}: "three"}},
	{
		"put big", put(never, "big", string(make([]byte, wasteFrom))),
		map[Ref]string{{"k", "b"}: "three", {"k", "big"}: string(make([]byte, wasteFrom))},
	},
	{
		"put over it, so that its log is compacted", put(never, "big", "seven"),
		map[Ref]string{{"k", "b"}: "three", {"k", "big"}: "seven"},
	},
	{
		"put there again", put(func(s *scene) Bucket { return s.hour }, "d", "eight"),
		map[Ref]string{{"k", "b"}: "three", {"k", "big"}: "seven", {"k", "d"}: "eight"},
	},
	{
		"hasten", func(s *scene) error { return s.r.Hasten(s.own, 1) },
		map[Ref]string{{"k", "big"}: "seven", {"k", "d"}: "eight"},
	},
	{
		"forget", func(s *scene) error { _, err := s.r.Forget(); return err },
		map[Ref]string{{"k", "big"}: "seven", {"k", "d"}: "eight"},
	},
	{
		hearing, func(s *scene) error { s.r.Observe(s.hourTime); return nil },
		map[Ref]string{{"k", "big"}: "seven"},
	},
	{"forget again", func(s *scene) error { _, err := s.r.Forget(); return err }, map[Ref]string{{"k", "big"}: "seven"}},
	{"put last", put(never, "last", "nine"), map[Ref]string{{"k", "big"}: "seven", {"k", "last"}: "nine"}},
}

const hearing = "hear from the server that time has passed"

func never(*scene) Bucket { return Never }

func put(where func(*scene) Bucket, id, value string) func(*scene) error {
	return func(s *scene) error { return s.r.Put(where(s), "k", id, []byte(value)) }
}

// newScene makes a ring, with no faults, on a machine that fails as m says afterwards.
func newScene(t *testing.T, m *host) (s *scene, disk memory, roots *memoryRoots) {
	disk, roots = make(memory), new(memoryRoots)
	r := newRing(faulty{disk, m}, faultyRoots{roots, m}, homeID{})
	from := m.from
	m.from = -1
	ok(t, r.create())
	m.from, m.steps = from, 0
	return &scene{r: r, hourTime: time.Now().Add(time.Hour).Unix()}, disk, roots
}

// TestACrashAtAnyStepIsRecovered stops the machine at every step of the story, in every way, and starts it again.
func TestACrashAtAnyStepIsRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crashes := 0
		for _, f := range []fate{undone, half, done} {
			for at := 0; crashAt(t, at, f); at++ {
				crashes++
			}
		}
		t.Logf("%d crashes", crashes)
	})
}

// crashAt reports whether the story has so many steps.
func crashAt(t *testing.T, at int, f fate) bool {
	m := &host{from: at, times: 1 << 30, fate: f, err: errCrash}
	s, disk, roots := newScene(t, m)
	before := map[Ref]string{}
	for _, a := range story {
		err := a.do(s)
		if m.steps <= at {
			ok(t, err)
			before = a.want
			continue
		}
		what := fmt.Sprintf("crash at step %d (fate %d), in %q", at, f, a.name)
		recovered(t, what, disk, roots, before, a.want)
		return true
	}
	return false
}

// recovered fails the test unless what a crash left is the ring before or after the act, whole and tidy, and works.
func recovered(t *testing.T, what string, disk memory, roots *memoryRoots, before, after map[Ref]string) {
	t.Helper()
	for range 2 {
		r := newRing(disk, roots, homeID{})
		if err := r.open(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got := contents(r, "k")
		if !maps.Equal(got, before) && !maps.Equal(got, after) {
			t.Fatalf("%s: got %v, want %v or %v", what, got, before, after)
		}
		tidy(t, what, r, disk, roots)
		ok(t, r.Put(Never, "new", "id", []byte("value")))
		_, err := r.Forget()
		ok(t, err)
		ok(t, r.Erase(Ref{"new", "id"}))
		before, after = contents(r, "k"), contents(r, "k")
		tidy(t, what, r, disk, roots)
		ok(t, r.Close())
	}
}

// tidy fails the test if more root keys or logs are left than there should be.
func tidy(t *testing.T, what string, r *Ring, disk memory, roots *memoryRoots) {
	t.Helper()
	if len(roots.roots) != 1 {
		t.Fatalf("%s: %d root keys rest, want 1", what, len(roots.roots))
	}
	for _, name := range slices.Collect(maps.Keys(disk)) {
		if !isLogName(name) {
			continue
		}
		if !slices.ContainsFunc(r.all(), func(b *bucket) bool { return b.log.name.String() == name }) {
			t.Fatalf("%s: a log is left that no bucket has", what)
		}
	}
}

// TestAWriteThatFailsLeavesTheOldState has every step of the story fail, and as many after it as are tried, without
// taking the process away. Then there is space again and the story goes on.
func TestAWriteThatFailsLeavesTheOldState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := 0
		for _, f := range []fate{undone, half, done} {
			for _, n := range []int{1, 2, 4} {
				for at := 0; failAt(t, at, n, f); at++ {
					failures++
				}
			}
		}
		t.Logf("%d failures", failures)
	})
}

func failAt(t *testing.T, at, n int, f fate) bool {
	m := &host{from: at, times: n, fate: f, err: errFull}
	s, disk, roots := newScene(t, m)
	before := map[Ref]string{}
	durable := before // may be older, where it is only time that was not written down
	for _, a := range story {
		what := fmt.Sprintf("failure at step %d (%d, fate %d), %q", at, n, f, a.name)
		for err := a.do(s); err != nil; err = a.do(s) { // it is tried until it works
			wantErr(t, what, err, errFull)
			if got := contents(s.r, "k"); !maps.Equal(got, before) && (!maps.Equal(got, a.want) || committed(a.name)) {
				t.Fatalf("%s: got %v, want %v", what, got, before)
			}
			reopens(t, what, disk, roots, durable, before, a.want)
		}
		if got := contents(s.r, "k"); !maps.Equal(got, a.want) {
			t.Fatalf("%s: got %v, want %v", what, got, a.want)
		}
		if a.name != hearing { // which acknowledges nothing
			durable = a.want
		}
		before = a.want
		if m.steps > at { // what was acknowledged is there, even if the next thing is a crash
			reopens(t, what, disk, roots, durable, before)
		}
	}
	if m.steps <= at {
		return false
	}
	ok(t, s.r.Close())
	return true
}

// TestAFailureDoesNotComeBackLater goes on with something else after a failure, and then crashes: the disk must be what
// the ring said that it was, and no ghost of what failed.
func TestAFailureDoesNotComeBackLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, f := range []fate{undone, half, done} {
			for _, n := range []int{1, 2, 4} {
				for at := 0; goOnAfter(t, at, n, f, true) && goOnAfter(t, at, n, f, false); at++ {
				}
			}
		}
	})
}

// goOnAfter deletes all records after the failure, and before that puts others if more is set. It reports whether the
// story has so many steps.
func goOnAfter(t *testing.T, at, n int, f fate, more bool) bool {
	m := &host{from: at, times: n, fate: f, err: errFull}
	s, disk, roots := newScene(t, m)
	for _, a := range story {
		err := a.do(s)
		if m.steps <= at {
			ok(t, err)
			continue
		}
		what := fmt.Sprintf("failure at step %d (%d, fate %d), %q", at, n, f, a.name)
		if more {
			putEverywhere(t, s.r)
			reopens(t, what, disk, roots, contents(s.r, "k"))
		}
		until(t, func() error { _, err := s.r.OwnBucket(Forever); return err }) // something succeeds
		for ref := range contents(s.r, "k") {
			until(t, func() error { return s.r.Delete(ref.Kind, ref.ID) })
		}
		reopens(t, what+", and all deleted", disk, roots, map[Ref]string{})
		return true
	}
	return false
}

// putEverywhere puts a record in every bucket that there is.
func putEverywhere(t *testing.T, r *Ring) {
	t.Helper()
	for _, b := range r.all() {
		if !r.expired(b) {
			until(t, func() error { return r.Put(b.id, "k", "in "+b.id.String(), nil) })
		}
	}
}

// until calls do until there is space again.
func until(t *testing.T, do func() error) {
	t.Helper()
	for err := do(); err != nil; err = do() {
		wantErr(t, "going on", err, errFull)
	}
}

// TestACrashInTheMiddleOfAMove leaves a record in two buckets. The later one holds, and the earlier one does not come
// back when the later one goes.
func TestACrashInTheMiddleOfAMove(t *testing.T) {
	for range 10 { // as buckets are read in any order
		synctest.Test(t, func(t *testing.T) {
			m := &host{from: -1, times: 1 << 30, err: errCrash}
			s, disk, roots := newScene(t, m)
			for range 5 {
				ok(t, s.r.Put(Never, "k", "a", []byte("old")))
			}
			s.r = newRing(faulty{disk, m}, faultyRoots{roots, m}, homeID{})
			ok(t, s.r.open())
			hour := bucketAt(t, s.r, s.hourTime)
			m.from = m.steps + 1
			wantErr(t, "move", s.r.Put(hour, "k", "a", []byte("new")), errCrash)

			for range 2 {
				r := newRing(disk, roots, homeID{})
				ok(t, r.open())
				wantContents(t, r, map[Ref]string{{"k", "a"}: "new"})
			}
			r := newRing(disk, roots, homeID{})
			ok(t, r.open())
			time.Sleep(time.Hour)
			_, err := r.Forget()
			ok(t, err)
			r = newRing(disk, roots, homeID{})
			ok(t, r.open())
			if got := contents(r, "k"); len(got) != 0 {
				t.Fatalf("got %v back", got)
			}
		})
	}
}

// committed reports whether an act that fails must leave the old state. The others may fail after the fact, when they
// clear away: see Forget and Erase.
func committed(name string) bool {
	return name != "forget" && name != "forget again" && name != "erase"
}

// reopens fails the test unless a copy of what is on the disk opens as one of these.
func reopens(t *testing.T, what string, disk memory, roots *memoryRoots, allowed ...map[Ref]string) {
	t.Helper()
	r := newRing(cloneDisk(disk), &memoryRoots{slices.Clone(roots.roots)}, homeID{})
	if err := r.open(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	got := contents(r, "k")
	if !slices.ContainsFunc(allowed, func(want map[Ref]string) bool { return maps.Equal(got, want) }) {
		t.Fatalf("%s: opens with %v, want one of %v", what, got, allowed)
	}
}

func cloneDisk(disk memory) memory {
	twin := make(memory)
	for name, b := range disk {
		twin[name] = slices.Clone(b)
	}
	return twin
}

// TestAHomeIsMadeWholeOrNotAtAll fails every step of making a home.
func TestAHomeIsMadeWholeOrNotAtAll(t *testing.T) {
	for _, f := range []fate{undone, half, done} {
		for at := range 2 {
			m := &host{from: at, times: 1, fate: f, err: errFull}
			disk, roots := make(memory), new(memoryRoots)
			wantErr(t, "create", newRing(faulty{disk, m}, faultyRoots{roots, m}, homeID{}).create(), errFull)
			if len(roots.roots) != 0 || disk[ringName] != nil {
				t.Errorf("step %d, fate %d: a root key or a ring is left", at, f)
			}
			r := newRing(disk, roots, homeID{})
			ok(t, r.create())
			ok(t, r.Close())
		}
	}
}

// A failingDisk fails after some bytes of a log, as a disk does that loses sectors.
type failingDisk struct {
	memory
	after int64
}

func (f failingDisk) open(name string) (io.ReadCloser, error) {
	file, err := f.memory.open(name)
	if err != nil || !isLogName(name) {
		return file, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(file, f.after), errReader{}), file}, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errFull }

// TestADiskThatCannotBeReadIsNotAnEndOfTheLog: what cannot be read now may be readable later, and must not be cut off.
func TestADiskThatCannotBeReadIsNotAnEndOfTheLog(t *testing.T) {
	r := Memory()
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	size := r.buckets[Never].log.size
	disk, roots := r.store.(memory), r.vault.roots
	ok(t, r.Close())
	for after := range size {
		err := newRing(failingDisk{disk, after}, roots, homeID{}).open()
		wantErr(t, fmt.Sprintf("a disk that fails after %d bytes", after), err, errFull)
	}
}
