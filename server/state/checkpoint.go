package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// shed is the set of tables that lost rows since the last checkpoint.
type shed struct {
	mu     sync.Mutex
	tables map[string]bool
}

func (s *shed) add(tables ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil {
		s.tables = map[string]bool{}
	}
	for _, t := range tables {
		s.tables[t] = true
	}
}

// take empties the set and returns what was in it.
func (s *shed) take() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables
	s.tables = nil
	return t
}

// Checkpoint sees to it that removed rows leave the disk. On SQLite it empties the log, and waits for readers that
// still need it until ctx ends, at most ten seconds. On PostgreSQL it vacuums the tables from which this process
// removed something. After an error, call it again.
func (d *DB) Checkpoint(ctx context.Context) error {
	if d.kind == Postgres {
		return d.vacuum(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return d.truncate(ctx)
}

func (d *DB) truncate(ctx context.Context) error {
	for {
		err := d.truncateOnce(ctx)
		if !errors.Is(err, errBusy) && !collided(err) {
			return err
		}
		if sleep(ctx, 20*time.Millisecond) != nil {
			return err
		}
	}
}

var errBusy = errors.New("state: a reader keeps the log from being emptied")

func (d *DB) truncateOnce(ctx context.Context) error {
	var busy, pages, done int
	err := d.w.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if busy != 0 {
		return errBusy
	}
	return nil
}

func (d *DB) vacuum(ctx context.Context) error {
	var errs []error
	for table := range d.shed.take() {
		if _, err := d.w.ExecContext(ctx, `VACUUM `+table); err != nil {
			d.shed.add(table)
			errs = append(errs, fmt.Errorf("state: %w", err))
		}
	}
	return errors.Join(errs...)
}
