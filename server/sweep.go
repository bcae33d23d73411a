package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// markerKey is where a store says to which database it belongs: an object that holds the database's id in hexadecimal.
const markerKey = "marker"

var (
	errForeign = errors.New("server: this storage belongs to another database; start the server with the database that it" +
		" belongs to, or with storage that is empty")
	errMarker = errors.New("server: this storage has lost its marker, as an empty folder does where a disk should be mounted" +
		"; start the server with the storage that this database belongs to")
	errRestored = errors.New("server: this storage has seen a later heartbeat of its database, so the database was restored" +
		" from an old copy; nothing is swept")
	errMany = errors.New("server: a sweep would delete more than a hundredth of all objects; nothing is swept")
)

// claimStore checks that the store belongs to this database. An empty store that meets a database without blobs belongs
// to it from then on.
func (s *Server) claimStore(ctx context.Context) error {
	mine, err := s.checkMarker(ctx)
	if err != nil || mine {
		return err
	}
	n, err := s.db.Blobs(ctx)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	empty, err := s.emptyStore(ctx)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if n > 0 || !empty {
		return errMarker
	}
	if err := s.writeMarker(ctx); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	// Two databases may have met the same empty store at once.
	if mine, err := s.checkMarker(ctx); err != nil || !mine {
		return errors.Join(err, errForeign)
	}
	return nil
}

// checkMarker reports whether the store has the marker of this database. That of another is errForeign.
func (s *Server) checkMarker(ctx context.Context) (mine bool, err error) {
	got, err := s.readMarker(ctx)
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("server: %w", err)
	}
	want, err := s.marker(ctx)
	if err != nil {
		return false, fmt.Errorf("server: %w", err)
	}
	if !bytes.Equal(got, want) {
		return false, errForeign
	}
	return true, nil
}

func (s *Server) marker(ctx context.Context) ([]byte, error) {
	id, err := s.db.Instance(ctx)
	return hex.AppendEncode(nil, id[:]), err
}

func (s *Server) readMarker(ctx context.Context) ([]byte, error) {
	r, size, err := s.blobs.Get(ctx, markerKey, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, min(size, 64)))
}

func (s *Server) writeMarker(ctx context.Context) error {
	b, err := s.marker(ctx)
	if err != nil {
		return err
	}
	return s.blobs.Put(ctx, markerKey, bytes.NewReader(b), int64(len(b)))
}

func (s *Server) emptyStore(ctx context.Context) (bool, error) {
	for _, err := range s.blobs.List(ctx, objectPrefix) {
		return false, err
	}
	return true, nil
}

// beatPrefix begins the keys of heartbeats: a number that rises every hour, in the database and as the name of an object. An
// object is never written twice, so each heartbeat is a new one.
const beatPrefix = "heartbeat/"

// beat leaves the next heartbeat in database and store, unless the store has seen a later one.
func (s *Server) beat(ctx context.Context) error {
	old, err := s.heartbeats(ctx)
	if err != nil {
		return err
	}
	n, err := s.db.Beat(ctx)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s%016d", beatPrefix, n)
	if err := s.blobs.Put(ctx, key, bytes.NewReader([]byte("1")), 1); err != nil {
		return err
	}
	return s.blobs.Delete(ctx, old...)
}

// heartbeats returns the keys of the heartbeats in the store. One that the database has not had yet is errRestored.
func (s *Server) heartbeats(ctx context.Context) (keys []string, err error) {
	for o, err := range s.blobs.List(ctx, beatPrefix) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	n, err := s.db.Heartbeat(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 && keys[len(keys)-1] > fmt.Sprintf("%s%016d", beatPrefix, n) {
		return nil, errRestored
	}
	return keys, nil
}

const (
	sweepEvery = 24 * time.Hour
	beatEvery  = time.Hour
	sweepLook  = 10 * time.Minute // how often a process looks whether it is time
	sweepAge   = 48 * time.Hour   // an orphan is at least this old
	sweepBatch = 500
	sweepMost  = 100 // orphans, or a hundredth of all objects if that is more
)

// A Report is what a sweep found.
type Report struct {
	Objects int   // that hold parts
	Orphans int   // of them that nothing in the database knows of, older than two days
	Bytes   int64 // of the orphans
	Lost    int   // parts whose object is missing; without dry run, only those that were not known to be
}

// Sweep compares store and database, both ways: it deletes objects that nothing knows of, and marks parts as lost whose
// object is missing. If dryRun, it only counts. It should find nothing; what it finds was lost by a disk, by a restored
// backup or by a fault of this program.
//
// A database with the wrong store, or one that was restored from an old copy, would take everything for orphans. So
// nothing is swept but a store that has this database's marker, which the first start of a server leaves in an empty
// store; that has seen no later heartbeat than the database; and of which no more than a hundredth would go, or 100 objects if
// that is more.
func (s *Server) Sweep(ctx context.Context, dryRun bool) (Report, error) {
	if err := s.guardSweep(ctx); err != nil {
		return Report{}, err
	}
	r, err := s.sweepAll(ctx, dryRunOnly)
	if err != nil || dryRun {
		return r, err
	}
	if r.Orphans > max(sweepMost, r.Objects/100) {
		return r, errMany
	}
	return s.sweepAll(ctx, forGood)
}

// Arguments of sweepAll.
const (
	dryRunOnly = true
	forGood    = false
)

func (s *Server) sweepAll(ctx context.Context, dryRun bool) (Report, error) {
	now, err := s.db.Now(ctx)
	if err != nil {
		return Report{}, err
	}
	sw := &sweep{s: s, dryRun: dryRun, before: time.Unix(now, 0).Add(-sweepAge)}
	for folder := range 256 {
		if err := sw.folder(ctx, fmt.Sprintf("%s%02x/", objectPrefix, folder)); err != nil {
			return sw.Report, fmt.Errorf("server: sweep: %w", err)
		}
	}
	return sw.Report, nil
}

// guardSweep returns an error unless it is certain that store and database belong together.
func (s *Server) guardSweep(ctx context.Context) error {
	mine, err := s.checkMarker(ctx)
	if err == nil && !mine {
		err = errMarker
	}
	if err != nil {
		return err
	}
	_, err = s.heartbeats(ctx)
	return err
}

// A sweep is under way.
type sweep struct {
	Report
	s      *Server
	dryRun bool
	before time.Time // an orphan was put before this
}

// folder sweeps the objects whose keys begin with prefix: one folder of 256, so that what it must remember is small.
func (sw *sweep) folder(ctx context.Context, prefix string) error {
	// The rows first: the object of a row that is there now must be there when the objects are listed.
	missing := make(map[string]bool)
	for key, err := range sw.s.db.EachPart(ctx, prefix) {
		if err != nil {
			return err
		}
		missing[key] = true
	}
	var old []storage.Object
	for o, err := range sw.s.blobs.List(ctx, prefix) {
		if err != nil {
			return err
		}
		sw.Objects++
		delete(missing, o.Key)
		if o.ModTime.Before(sw.before) {
			old = append(old, o)
		}
		if len(old) == sweepBatch {
			if err := sw.orphans(ctx, old); err != nil {
				return err
			}
			old = old[:0]
		}
	}
	if err := sw.orphans(ctx, old); err != nil {
		return err
	}
	return sw.lost(ctx, missing)
}

// orphans deletes those of these objects that nothing in the database knows of.
func (sw *sweep) orphans(ctx context.Context, objects []storage.Object) error {
	keys := make([]string, len(objects))
	for i, o := range objects {
		keys[i] = o.Key
	}
	known, err := sw.s.db.Known(ctx, keys)
	if err != nil {
		return err
	}
	var orphans []string
	for _, o := range objects {
		if known[o.Key] {
			continue
		}
		orphans = append(orphans, o.Key)
		sw.Bytes += o.Size
	}
	sw.Orphans += len(orphans)
	if sw.dryRun || len(orphans) == 0 {
		return nil
	}
	sw.s.metrics.orphans.Add(float64(len(orphans)))
	return sw.s.blobs.Delete(ctx, orphans...)
}

// lost marks the parts whose objects were not listed, if they are still parts and still have no object.
func (sw *sweep) lost(ctx context.Context, missing map[string]bool) error {
	for key := range missing {
		r, _, err := sw.s.blobs.Get(ctx, key, 0, 1)
		if err == nil {
			r.Close()
			continue
		}
		if !errors.Is(err, storage.ErrNotExist) {
			return err
		}
		n := 1
		if !sw.dryRun {
			if n, err = sw.s.db.MarkLost(ctx, []string{key}); err != nil {
				return err
			}
			sw.s.metrics.lost.Add(float64(n))
		}
		sw.Lost += n
	}
	return nil
}

// sweepDaily sweeps once a day and leaves a heartbeat every hour, each in one of the processes, until ctx ends.
func (s *Server) sweepDaily(ctx context.Context) error {
	for {
		s.report(ctx, "heartbeat", s.inTurn(ctx, "heartbeat", beatEvery, s.beat))
		sleep(ctx, sweepLook) // before the first sweep too: a start is a busy time
		if ctx.Err() != nil {
			return nil
		}
		s.report(ctx, "sweep", s.inTurn(ctx, "sweep", sweepEvery, s.sweepOnce))
	}
}

// inTurn does work unless somebody did so less than every ago. Who does it takes a lease under a new name and never
// gives it back, which holds off all others, and itself.
func (s *Server) inTurn(ctx context.Context, name string, every time.Duration, work func(context.Context) error) error {
	mine, err := s.db.Lease(ctx, name, rand.Text(), every)
	if err != nil || !mine {
		return err
	}
	return work(ctx)
}

func (s *Server) sweepOnce(ctx context.Context) error {
	r, err := s.Sweep(ctx, false)
	if r.Orphans+r.Lost > 0 {
		s.log.note("orphans", r.Orphans)
		s.log.note("lost parts", r.Lost)
	}
	return err
}
