package keyring

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// A Ref names a record.
type Ref struct{ Kind, ID string }

// A record is a value and where it lies.
type record struct {
	ref    Ref
	bucket *bucket
	value  []byte
	size   int // on disk, in bytes
	seq    uint64
}

func (rec *record) entry() *entry {
	return &entry{op: opPut, seq: rec.seq, ref: rec.ref, value: rec.value}
}

// An index finds records by kind, then id.
type index map[string]map[string]*record

func (x index) get(ref Ref) *record { return x[ref.Kind][ref.ID] }

func (x index) set(rec *record) {
	if x[rec.ref.Kind] == nil {
		x[rec.ref.Kind] = make(map[string]*record)
	}
	x[rec.ref.Kind][rec.ref.ID] = rec
}

func (x index) remove(ref Ref) {
	delete(x[ref.Kind], ref.ID)
	if len(x[ref.Kind]) == 0 {
		delete(x, ref.Kind)
	}
}

// all ranges over all records. The loop may remove the one that it is at.
func (x index) all() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, kind := range x {
			for _, rec := range kind {
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// Put has the ring remember value under kind and id until b goes, and no longer the record that was there, in whatever
// bucket it lay. What it replaces can no longer be read; its bytes go as those of [Ring.Delete] do. The record is on
// disk when Put returns nil. After an error the old one stands; if the process ends before anything else succeeds, it
// may be either. The error matches [ErrGone] if b has gone, and [ErrTooLong].
func (r *Ring) Put(b Bucket, kind, id string, value []byte) error {
	if len(kind) > MaxName || len(id) > MaxName || len(value) > MaxValue {
		return ErrTooLong
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return err
	}
	to := r.buckets[b]
	if to == nil || r.expired(to) {
		return ErrGone
	}
	return r.put(&record{ref: Ref{kind, id}, bucket: to, value: bytes.Clone(value)})
}

// put writes rec, and then that its predecessor is none any more. A crash between the two leaves both, of which load
// knows the later one.
func (r *Ring) put(rec *record) error {
	rec.seq = r.nextSeq()
	size, err := r.append(rec.bucket.log, rec.entry())
	if err != nil {
		return err
	}
	rec.size = size
	old := r.records.get(rec.ref)
	if old != nil && old.bucket != rec.bucket {
		if err := r.bury(old); err != nil {
			r.retract(rec)
			return err
		}
	}
	rec.bucket.live += int64(rec.size)
	r.records.set(rec)
	if old != nil {
		old.bucket.supersede(old)
		r.compact(old.bucket)
	}
	return nil
}

// bury writes into the bucket of rec that it is no more.
func (r *Ring) bury(rec *record) error {
	_, err := r.append(rec.bucket.log, &entry{op: opDelete, seq: r.nextSeq(), ref: rec.ref})
	return err
}

// append adds an entry to a log, and returns its size.
func (r *Ring) append(l *log, e *entry) (size int, err error) {
	sizes, err := l.append(e)
	if err != nil {
		r.loose = append(r.loose, l)
		_ = r.cutLoose() // or ready does
		return 0, err
	}
	return sizes[0], nil
}

// retract takes back the last entry of a log, which is rec.
func (r *Ring) retract(rec *record) {
	l := rec.bucket.log
	l.size -= int64(rec.size)
	l.count--
	r.loose = append(r.loose, l)
	_ = r.cutLoose()
}

// cutLoose removes from logs what failed to be written, but may be on the disk, in the order in which it failed: if the
// end of a record may be there, then so must its successor be.
func (r *Ring) cutLoose() error {
	for len(r.loose) > 0 {
		if err := r.loose[0].cut(); err != nil {
			return fmt.Errorf("keyring: taking back a record: %w", err)
		}
		r.loose = r.loose[1:]
	}
	return nil
}

func (r *Ring) nextSeq() uint64 {
	r.seq++
	return r.seq
}

// Get returns a copy of a record.
func (r *Ring) Get(kind, id string) (value []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.visible(kind, id)
	if rec == nil {
		return nil, false
	}
	return append([]byte{}, rec.value...), true
}

// At returns the bucket that a record is in, and when it goes: in Unix seconds, or [Forever].
func (r *Ring) At(kind, id string) (b Bucket, at int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.visible(kind, id)
	if rec == nil {
		return Never, 0, false
	}
	return rec.bucket.id, rec.bucket.at, true
}

// visible returns a record whose time has not come.
func (r *Ring) visible(kind, id string) *record {
	rec := r.records.get(Ref{kind, id})
	if rec == nil || r.expired(rec.bucket) {
		return nil
	}
	return rec
}

// All returns copies of all records of a kind with their ids, in the order of the ids. The loop may use the ring; what
// it deletes ahead of itself does not come.
func (r *Ring) All(kind string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, id := range r.ids(kind) {
			if value, ok := r.Get(kind, id); ok && !yield(id, value) {
				return
			}
		}
	}
}

func (r *Ring) ids(kind string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.records[kind]))
}

// Delete removes a record from what can be read. Its sealed bytes go with their bucket, or with [Ring.Erase]. One that
// is not there is fine.
func (r *Ring) Delete(kind, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return err
	}
	rec := r.records.get(Ref{kind, id}) // even if its time has come
	if rec == nil {
		return nil
	}
	if err := r.bury(rec); err != nil {
		return err
	}
	r.records.remove(rec.ref)
	rec.bucket.supersede(rec)
	r.compact(rec.bucket)
	return nil
}
