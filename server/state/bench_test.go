package state_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/server/state/statetest"
)

// benchOpen opens a database of the kind that the name of a benchmark says.
func benchOpen(b *testing.B, kind state.Kind) *state.DB {
	if kind == state.SQLite {
		return open(b, "sqlite:"+filepath.Join(b.TempDir(), "mayfly.db"))
	}
	if postgres() == "" {
		b.Skip("MAYFLY_TEST_POSTGRES is not set")
	}
	dsn, drop, err := statetest.Fresh(b.Context(), postgres())
	must(b, err)
	b.Cleanup(drop)
	return open(b, dsn)
}

var kinds = []state.Kind{state.SQLite, state.Postgres}

// BenchmarkPost posts envelopes of 4 KiB to 16 mailboxes, from 16 goroutines.
func BenchmarkPost(b *testing.B) {
	for _, kind := range kinds {
		b.Run(string(kind), func(b *testing.B) {
			d := benchOpen(b, kind)
			boxes := make([]box, 16)
			for i := range boxes {
				boxes[i] = mailbox(b, d)
			}
			at := in(b, d, time.Hour)
			var i atomic.Int64
			parallel16(b, func() error {
				n := i.Add(1)
				m := boxes[n%16]
				if n%64 < 16 { // as if they were fetched from time to time
					if err := d.Ack(b.Context(), m.owner, m.id, 1<<40); err != nil {
						return err
					}
				}
				return d.Post(b.Context(), m.id, m.delivery, at, envelope(), roomy)
			})
		})
	}
}

// BenchmarkIntent is the smallest transaction of this package: one row.
func BenchmarkIntent(b *testing.B) {
	for _, kind := range kinds {
		b.Run(string(kind), func(b *testing.B) {
			d := benchOpen(b, kind)
			var i atomic.Int64
			parallel16(b, func() error { return d.AddIntent(b.Context(), "b/"+time.Duration(i.Add(1)).String()) })
		})
	}
}

// BenchmarkPart adds parts to blobs: an intent, then the part, two transactions.
func BenchmarkPart(b *testing.B) {
	for _, kind := range kinds {
		b.Run(string(kind), func(b *testing.B) {
			d := benchOpen(b, kind)
			var i atomic.Int64
			blobs := make([]state.NewBlob, b.N)
			for i := range blobs {
				blobs[i] = created(b, d, small)
			}
			b.ResetTimer()
			parallel16(b, func() error {
				blob := blobs[i.Add(1)-1]
				return d.AddPart(b.Context(), blob.ID, blob.Upload, part(b, d, blob, 0))
			})
		})
	}
}

// BenchmarkRead looks up a part, from 16 goroutines.
func BenchmarkRead(b *testing.B) {
	for _, kind := range kinds {
		b.Run(string(kind), func(b *testing.B) {
			d := benchOpen(b, kind)
			blob, _ := committed(b, d, large)
			parallel16(b, func() error {
				_, err := d.ReadPart(b.Context(), blob.ID, blob.Read, 1)
				return err
			})
		})
	}
}

// BenchmarkBare inserts a row into a table of SQLite, without this package: what there is to reach.
func BenchmarkBare(b *testing.B) {
	u := url.URL{Scheme: "file", Path: filepath.Join(b.TempDir(), "bare.db"), RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	must(b, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER)`)
	must(b, err)
	var i atomic.Int64
	parallel16(b, func() error {
		_, err := db.Exec(`INSERT INTO t VALUES ($1, 1)`, time.Duration(i.Add(1)).String())
		return err
	})
}

// parallel16 runs fn from 16 goroutines.
func parallel16(b *testing.B, fn func() error) {
	b.SetParallelism(8) // times two processors
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := fn(); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "per_s")
}
