package state_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

// An admin command in another process may write at any time.
func TestWriteWaitsForAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	d := open(t, "sqlite:"+path)
	other := look(t, "sqlite:"+path+"?_txlock=immediate")
	for _, patient := range []bool{true, false} {
		if !patient {
			must(t, d.Impatient(t.Context())) // what comes back from SQLite is "busy", and is tried again
		}
		held, err := other.Begin()
		must(t, err)
		freed := time.AfterFunc(30*time.Millisecond, func() { held.Rollback() })
		defer freed.Stop()
		is(t, fmt.Sprintf("patient %v", patient), d.Enrol(t.Context(), row(), nil), nil)
	}
}

func TestCollisionsAreTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"a serialization failure", &pgconn.PgError{Code: "40001"}, 2},
		{"a deadlock", fmt.Errorf("state: %w", &pgconn.PgError{Code: "40P01"}), 2},
		{"a constraint that does not hold", &pgconn.PgError{Code: "23514"}, 1},
		{"a decision", state.ErrGone, 1},
	} {
		d := open(t, "sqlite:"+filepath.Join(t.TempDir(), "mayfly.db"))
		tries := 0
		err := d.Write(t.Context(), func() error {
			if tries++; tries == 1 {
				return c.err
			}
			return nil
		})
		if tries != c.want || (err == nil) != (c.want == 2) {
			t.Errorf("%s: %d tries, %v; want %d", c.name, tries, err, c.want)
		}
	}
}

func TestDeadlocksAreTriedAgain(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		keys := []string{"a", "b"}
		must(t, dbs[0].AddIntent(t.Context(), "a"))
		must(t, dbs[0].AddIntent(t.Context(), "b"))
		errs := race(dbs, 2, func(d *state.DB, i int) error {
			return d.Touch(t.Context(), keys[i], keys[1-i])
		})
		won(t, errs, nil)
	})
}
