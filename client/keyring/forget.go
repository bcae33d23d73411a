package keyring

import (
	"cmp"
	"errors"
	"slices"
)

// Forget destroys every bucket whose time has come, and returns how many those were. If there is an error too, then the
// old root key, or a file that nothing can open without it, could not be removed: the next Forget tries again to remove
// the key, and the next [Open] the file.
func (r *Ring) Forget() (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	dead := r.due()
	if len(dead) == 0 {
		return 0, errors.Join(r.keepTime(), r.vault.tidy())
	}
	if err := r.ready(); err != nil {
		return 0, err
	}
	for _, b := range dead {
		r.remove(b)
	}
	if err := r.save(newRoot); err != nil {
		for _, b := range dead {
			r.add(b)
		}
		return 0, err
	}
	r.destroy(dead)
	return len(dead), errors.Join(r.vault.tidy(), r.removeLogs(dead))
}

// due returns the buckets that may be destroyed.
func (r *Ring) due() []*bucket {
	r.clock.now() // believes a server whose day of doubt is over
	now := r.clock.sure()
	return slices.DeleteFunc(r.all(), func(b *bucket) bool { return b.at > now })
}

func (r *Ring) all() []*bucket {
	buckets := make([]*bucket, 0, len(r.buckets))
	for _, b := range r.buckets {
		buckets = append(buckets, b)
	}
	return buckets
}

// destroy overwrites what memory holds of buckets.
func (r *Ring) destroy(dead []*bucket) {
	gone := make(map[*bucket]bool)
	for _, b := range dead {
		gone[b] = true
		b.log.key.wipe()
	}
	for rec := range r.records.all() {
		if gone[rec.bucket] {
			clear(rec.value)
			r.records.remove(rec.ref)
		}
	}
}

// Erase deletes records and destroys every value that they ever had: the buckets with a trace of them are written again
// under new keys, and the root key is replaced. Records that were deleted before can be erased too. After an error they
// may still be there, or as after an error of [Ring.Forget]: call it again.
func (r *Ring) Erase(refs ...Ref) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return err
	}
	gone := make(map[Ref]bool)
	for _, ref := range refs {
		gone[ref] = true
	}
	buckets := slices.DeleteFunc(r.all(), func(b *bucket) bool { return !r.traces(b, gone) })
	if len(buckets) == 0 {
		return r.vault.tidy()
	}
	return r.rewrite(buckets, gone, newRoot)
}

// traces reports whether the log of b holds anything of records that are to be gone.
func (r *Ring) traces(b *bucket, gone map[Ref]bool) bool {
	for ref := range gone {
		if _, past := b.past[ref]; past {
			return true
		}
		if rec := r.records.get(ref); rec != nil && rec.bucket == b {
			return true
		}
	}
	return false
}

// compact writes b again if more than half of its log is of no use. It tries: the ring is as good as it was if that
// fails, and the next change tries again.
func (r *Ring) compact(b *bucket) {
	if b.wasteful() {
		_ = r.rewrite([]*bucket{b}, nil, sameRoot)
	}
}

// rewrite gives buckets new keys and new logs with all their records but those that are to be gone.
func (r *Ring) rewrite(buckets []*bucket, gone map[Ref]bool, choice rootChoice) error {
	fresh, err := r.copyLogs(buckets, gone)
	if err != nil {
		return err
	}
	swap := func() {
		for i, b := range buckets {
			b.log, fresh[i] = fresh[i], b.log
		}
	}
	swap()
	if err := r.save(choice); err != nil {
		swap() // and the new logs stay: it may be that the ring file names them
		return err
	}
	for ref := range gone {
		if rec := r.records.get(ref); rec != nil {
			r.records.remove(ref)
			rec.bucket.supersede(rec)
		}
	}
	for _, b := range buckets {
		b.past = nil
	}
	return errors.Join(r.vault.tidy(), r.removeOld(fresh))
}

// copyLogs returns new logs of buckets, without the records that are to be gone.
func (r *Ring) copyLogs(buckets []*bucket, gone map[Ref]bool) ([]*log, error) {
	records := make(map[*bucket][]*record)
	for rec := range r.records.all() {
		if !gone[rec.ref] {
			records[rec.bucket] = append(records[rec.bucket], rec)
		}
	}
	logs := make([]*log, len(buckets))
	for i, b := range buckets {
		logs[i] = newLog(r.store)
		if err := logs[i].fill(records[b]); err != nil {
			return nil, errors.Join(err, r.removeOld(logs[:i+1]))
		}
	}
	return logs, nil
}

// batch is about how much fill writes at a time, in bytes.
const batch = 4 << 20

// fill appends records in the order in which they were put.
func (l *log) fill(records []*record) error {
	slices.SortFunc(records, func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
	var entries []*entry
	size := 0
	for i, rec := range records {
		entries = append(entries, rec.entry())
		size += rec.size
		if size < batch && i < len(records)-1 {
			continue
		}
		if _, err := l.append(entries...); err != nil {
			return err
		}
		entries, size = nil, 0
	}
	return nil
}

// removeLogs removes the files of buckets.
func (r *Ring) removeLogs(buckets []*bucket) error {
	var logs []*log
	for _, b := range buckets {
		logs = append(logs, b.log)
	}
	return r.removeOld(logs)
}

// removeOld removes the files of logs that nothing can open any more.
func (r *Ring) removeOld(logs []*log) error {
	var names []string
	for _, l := range logs {
		names = append(names, l.name.String())
		l.key.wipe()
	}
	return r.store.remove(names...)
}
