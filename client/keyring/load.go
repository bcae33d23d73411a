package keyring

// load reads the records of all buckets.
func (r *Ring) load() error {
	var stale []*record
	for _, b := range r.buckets {
		records, err := r.loadBucket(b)
		if err != nil {
			return err
		}
		for _, rec := range records {
			if loser := r.settle(rec); loser != nil {
				stale = append(stale, loser)
			}
		}
	}
	return r.buryAll(stale)
}

// loadBucket reads one log, and returns what it holds in the end.
func (r *Ring) loadBucket(b *bucket) (map[Ref]*record, error) {
	records := make(map[Ref]*record)
	err := b.log.read(func(e *entry, size int) {
		r.seq = max(r.seq, e.seq)
		if old := records[e.ref]; old != nil {
			b.supersede(old)
			delete(records, e.ref)
		}
		if e.op == opDelete {
			b.leaveTrace(e.ref)
			return
		}
		records[e.ref] = &record{ref: e.ref, bucket: b, value: e.value, size: size, seq: e.seq}
		b.live += int64(size)
	})
	return records, err
}

// settle enters rec in the index, unless a later one is there, and returns the one that is not: a crash came between
// the two steps of put.
func (r *Ring) settle(rec *record) (loser *record) {
	old := r.records.get(rec.ref)
	if old != nil && old.seq > rec.seq {
		return rec
	}
	r.records.set(rec)
	return old
}

// buryAll does what the crash left undone, so that none of the records is back when the later one has gone.
func (r *Ring) buryAll(stale []*record) error {
	for _, rec := range stale {
		if err := r.bury(rec); err != nil {
			return err
		}
		rec.bucket.supersede(rec)
	}
	return nil
}
