package keyring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// A specimen is a home at rest with one bucket, whose log has some entries.
type specimen struct {
	disk    memory
	roots   Roots
	name    string           // of the log
	ends    []int            // where its entries end; the first is the end of its first line
	records []map[Ref]string // what is there when so many entries are
}

func newSpecimen(t *testing.T) *specimen {
	r := Memory()
	l := r.buckets[Never].log
	s := &specimen{disk: r.store.(memory), roots: r.vault.roots, name: l.name.String(), ends: []int{len(logLine)}}
	s.records = append(s.records, map[Ref]string{})
	for _, do := range []func() error{
		func() error { return r.Put(Never, "k", "a", []byte("one")) },
		func() error { return r.Put(Never, "k", "b", []byte("two, which is longer")) },
		func() error { return r.Delete("k", "a") },
		func() error { return r.Put(Never, "k", "b", []byte("three")) },
	} {
		ok(t, do())
		s.ends = append(s.ends, int(l.size))
		s.records = append(s.records, contents(r, "k"))
	}
	ok(t, r.Close())
	return s
}

// open opens a copy of the specimen with another log.
func (s *specimen) open(file []byte) (*Ring, error) {
	disk := cloneDisk(s.disk)
	disk[s.name] = file
	r := newRing(disk, s.roots, homeID{})
	return r, r.open()
}

// wantAfter fails the test unless a log opens with what was there after so many entries, and can be added to.
func (s *specimen) wantAfter(t *testing.T, what string, file []byte, entries int) {
	t.Helper()
	r, err := s.open(bytes.Clone(file))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for range 2 {
		if got := contents(r, "k"); !maps.Equal(got, s.records[entries]) {
			t.Fatalf("%s: got %v, want %v", what, got, s.records[entries])
		}
		ok(t, r.Put(Never, "new", "id", []byte("a value that is longer than all of what may have been left there before it")))
		again := newRing(r.store, r.vault.roots, homeID{})
		if err := again.open(); err != nil {
			t.Fatalf("%s, then added to: %v", what, err)
		}
		r = again
	}
}

func (s *specimen) wantCorrupt(t *testing.T, what string, file []byte) {
	t.Helper()
	r, err := s.open(file)
	if err == nil {
		t.Fatalf("%s: opens with %v", what, contents(r, "k"))
	}
	wantErr(t, what, err, ErrCorrupt)
	if !strings.Contains(err.Error(), s.name) || !strings.Contains(err.Error(), "remove that file") {
		t.Errorf("%s: the error does not say what to do: %v", what, err)
	}
}

func TestATornEndIsCutOff(t *testing.T) {
	s := newSpecimen(t)
	file := s.disk[s.name]
	entries := 0
	for size := range len(file) + 1 {
		if entries+1 < len(s.ends) && size == s.ends[entries+1] {
			entries++
		}
		s.wantAfter(t, fmt.Sprintf("%d of %d bytes", size, len(file)), file[:size], entries)
		zeros := append(bytes.Clone(file[:s.ends[entries]]), make([]byte, size-min(size, s.ends[entries]))...)
		s.wantAfter(t, fmt.Sprintf("zeros from entry %d, to %d bytes", entries, size), zeros, entries)
	}
	for _, size := range []int{1, len(logLine), 1000} {
		s.wantAfter(t, "zeros alone", make([]byte, size), 0)
	}
	s.wantAfter(t, "many zeros", append(bytes.Clone(file), make([]byte, 1<<20)...), len(s.ends)-1)
	last := bytes.Clone(file)
	last[len(last)-1] ^= 1
	s.wantAfter(t, "a last entry that is all there but not right", last, len(s.ends)-2)
}

func TestDamageInTheMiddleIsFound(t *testing.T) {
	s := newSpecimen(t)
	file := s.disk[s.name]
	for i := range s.ends[len(s.ends)-2] {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(file)
			bad[i] ^= bit
			if i < len(logLine) {
				if _, err := s.open(bad); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
					t.Errorf("byte %d: got error %v", i, err)
				}
				continue
			}
			s.wantCorrupt(t, fmt.Sprintf("bit %x of byte %d", bit, i), bad)
		}
	}
	zeros := bytes.Clone(file)
	clear(zeros[s.ends[1]:s.ends[2]])
	s.wantCorrupt(t, "zeros in the middle", zeros)
	clear(zeros[:s.ends[1]])
	s.wantCorrupt(t, "zeros at the beginning", zeros)
	s.wantCorrupt(t, "other bytes at the end", append(bytes.Clone(file), "something"...))
}

func TestEntriesStayWhereTheyAre(t *testing.T) {
	s := newSpecimen(t)
	file := s.disk[s.name]
	part := func(i int) []byte { return file[s.ends[i]:s.ends[i+1]] }
	line := file[:s.ends[0]]
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{line}, parts...), nil) }
	s.wantAfter(t, "as it was", join(part(0), part(1), part(2), part(3)), 4)
	s.wantCorrupt(t, "two swapped", join(part(1), part(0), part(2), part(3)))
	s.wantCorrupt(t, "the first left out", join(part(1), part(2), part(3)))
	s.wantCorrupt(t, "one in the middle left out", join(part(0), part(2), part(3)))
	s.wantCorrupt(t, "one repeated", join(part(0), part(0), part(1), part(2), part(3)))
	s.wantAfter(t, "the last repeated, which is not one more", join(part(0), part(1), part(2), part(3), part(3)), 4)
}

func TestALogIsNotThatOfAnotherBucket(t *testing.T) {
	r := Memory()
	soon := must(r.Bucket(Forever - 1))
	for _, b := range []Bucket{Never, soon} {
		for i := range 3 {
			ok(t, r.Put(b, fmt.Sprint(b), fmt.Sprint(i), nil))
		}
	}
	disk, roots := r.store.(memory), r.vault.roots
	one, two := r.buckets[Never].log.name.String(), r.buckets[soon].log.name.String()
	ok(t, r.Close())
	disk[one], disk[two] = disk[two], disk[one]
	wantErr(t, "two logs swapped", newRing(disk, roots, homeID{}).open(), ErrCorrupt)
}

// TestAnOldLogIsNotANewOne puts back the log from before a record was erased.
func TestAnOldLogIsNotANewOne(t *testing.T) {
	r := Memory()
	ok(t, r.Put(Never, "k", "a", nil))
	ok(t, r.Put(Never, "k", "b", nil))
	disk, roots := r.store.(memory), r.vault.roots
	old := disk[r.buckets[Never].log.name.String()]
	ok(t, r.Erase(Ref{"k", "a"}))
	disk[r.buckets[Never].log.name.String()] = old
	ok(t, r.Close())
	wantErr(t, "an old log", newRing(disk, roots, homeID{}).open(), ErrCorrupt)
}

func TestVersionsOfLaterAreRefused(t *testing.T) {
	s := newSpecimen(t)
	later := bytes.Replace(s.disk[s.name], []byte("/v1\n"), []byte("/v2\n"), 1)
	_, err := s.open(later)
	wantErr(t, "a log of version 2", err, ErrVersion)
	disk := cloneDisk(s.disk)
	disk[ringName] = bytes.Replace(disk[ringName], []byte("/v1\n"), []byte("/v2\n"), 1)
	wantErr(t, "a ring of version 2", newRing(disk, s.roots, homeID{}).open(), ErrVersion)
}

func TestALogThatWasRemovedIsAnEmptyBucket(t *testing.T) {
	s := newSpecimen(t)
	delete(s.disk, s.name)
	r := newRing(s.disk, s.roots, homeID{})
	ok(t, r.open())
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	wantContents(t, r, map[Ref]string{{"k", "id"}: "value"})
}

func TestADamagedRingFileIsRefused(t *testing.T) {
	s := newSpecimen(t)
	file := s.disk[ringName]
	for i := 0; i < len(file); i += 1 + i/64 { // all bytes of the line and the nonce, some of the rest
		bad := bytes.Clone(file)
		bad[i] ^= 1
		s.disk[ringName] = bad
		if err := newRing(s.disk, s.roots, homeID{}).open(); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d: got error %v", i, err)
		}
	}
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"cut short", file[:len(file)-1]},
		{"longer", append(bytes.Clone(file), 0)},
		{"its first line alone", file[:len(ringLine)]},
		{"empty", nil},
		{"far too long", append(bytes.Clone(file), make([]byte, maxRingFile)...)},
	} {
		s.disk[ringName] = tt.file
		wantErr(t, tt.name, newRing(s.disk, s.roots, homeID{}).open(), ErrCorrupt)
	}
}

func TestTheRingFileGrowsInSteps(t *testing.T) {
	r := Memory()
	defer r.Close()
	sizes := make(map[int]bool)
	for i := range 100 {
		must(r.OwnBucket(Forever - int64(i)))
		sizes[len(r.store.(memory)[ringName])] = true
	}
	if len(sizes) != 2 {
		t.Errorf("100 buckets show in %d sizes, want 2", len(sizes))
	}
}

func TestThereIsABoundToBuckets(t *testing.T) {
	r := Memory()
	defer r.Close()
	for i := len(r.buckets); i < maxBuckets; i++ {
		var id Bucket
		binary.BigEndian.PutUint32(id[:], uint32(i))
		r.buckets[id] = &bucket{id: id, at: Forever, own: ownBucket, log: new(log)}
	}
	_, err := r.OwnBucket(Forever)
	wantErr(t, "one more", err, ErrFull)
	ok(t, r.save(sameRoot))
	again := newRing(r.store, r.vault.roots, homeID{})
	plain, err := again.vault.open()
	ok(t, err)
	ok(t, again.decode(plain))
	if len(again.buckets) != maxBuckets {
		t.Errorf("got %d buckets, want %d", len(again.buckets), maxBuckets)
	}
}

func TestCompaction(t *testing.T) {
	r := Memory()
	defer r.Close()
	value := make([]byte, 8<<10)
	most := 0
	for i := range 200 {
		value[0] = byte(i)
		ok(t, r.Put(Never, "k", "replaced", value))
		ok(t, r.Put(Never, "k", "deleted", value))
		ok(t, r.Delete("k", "deleted"))
		total := 0
		for _, b := range r.store.(memory) {
			total += len(b)
		}
		most = max(most, total)
	}
	if limit := 2 * wasteFrom; most > limit {
		t.Errorf("the files grew to %d bytes, want at most %d", most, limit)
	}
	again := newRing(r.store, r.vault.roots, homeID{})
	ok(t, again.open())
	wantContents(t, again, map[Ref]string{{"k", "replaced"}: string(value)})
}

// FuzzRingFile opens rings whose file, or what the root key opens of it, is arbitrary.
func FuzzRingFile(f *testing.F) {
	r := Memory()
	must(r.OwnBucket(Forever - 1))
	good := r.encode()
	f.Add(good)
	f.Add(good[:ringHeader])
	f.Add(bytes.Clone(r.store.(memory)[ringName]))
	f.Add([]byte(ringLine))
	f.Fuzz(func(t *testing.T, b []byte) {
		disk, roots := make(memory), &memoryRoots{[]Root{{newKey()}}}
		disk[ringName] = b
		if err := newRing(disk, roots, homeID{}).open(); err == nil {
			t.Error("a file opens that no key sealed")
		}
		r := newRing(disk, roots, homeID{})
		if r.decode(b) == nil {
			again := newRing(disk, roots, homeID{})
			if again.decode(r.encode()) != nil || len(again.buckets) != len(r.buckets) || again.clock != r.clock {
				t.Error("what was decoded does not decode again")
			}
			r.clock.now()
		}
	})
}

// FuzzRecords reads logs that are arbitrary, and logs whose entries are.
func FuzzRecords(f *testing.F) {
	l := newLog(make(memory))
	e := &entry{op: opPut, seq: 1, ref: Ref{"kind", "id"}, value: []byte("value")}
	must(l.append(e, e))
	f.Add(bytes.Clone(l.store.(memory)[l.name.String()]))
	f.Add(e.encode())
	f.Add([]byte(logLine + "\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte(logLine + "\x00\x1f\xff\xff\xff\xe0\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := make(memory)
		l := newLog(disk)
		disk[l.name.String()] = b
		if err := l.read(func(*entry, int) { t.Error("an entry opens that no key sealed") }); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Errorf("got error %v", err)
		}
		if l.size > int64(len(b)) {
			t.Errorf("%d of %d bytes are good", l.size, len(b))
		}
		var e entry
		if e.decode(b) && !bytes.Equal(e.encode(), b) {
			t.Error("an entry has two forms")
		}
	})
}
