package state_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

// An ear collects what Listen says.
type ear struct {
	mu   sync.Mutex
	tags map[uint64]bool
	lost int
}

// listen listens until the test ends.
func listen(t *testing.T, d *state.DB) *ear {
	e := &ear{tags: map[uint64]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		err := d.Listen(ctx, func(tag uint64) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.tags[tag] = true
		}, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.lost++
		})
		if err != context.Canceled {
			t.Errorf("Listen: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return e
}

func (e *ear) heard(tags ...uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !slices.ContainsFunc(tags, func(tag uint64) bool { return !e.tags[tag] })
}

// eventually calls ok until it returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

func TestNotifyWakesTheOtherProcess(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		e := listen(t, dbs[1])
		if dbs[0].Kind() == state.SQLite {
			must(t, dbs[0].Notify(ctx, []uint64{1}))
			return
		}
		eventually(t, "a notification", func() bool {
			must(t, dbs[0].Notify(ctx, []uint64{1, 1<<64 - 1}))
			return e.heard(1, 1<<64-1)
		})
		many := make([]uint64, 1200)
		for i := range many {
			many[i] = uint64(i) << 32
		}
		must(t, dbs[0].Notify(ctx, many))
		eventually(t, "many at once", func() bool { return e.heard(many...) })
		must(t, dbs[0].Notify(ctx, nil))
		if e.lost != 0 {
			t.Errorf("lost %d times", e.lost)
		}
	})
}

func TestListenAgainAfterTheConnectionBroke(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if d.Kind() == state.SQLite {
			t.Skip("SQLite has no connection to break")
		}
		e := listen(t, d)
		eventually(t, "a notification", func() bool {
			must(t, d.Notify(t.Context(), []uint64{1}))
			return e.heard(1)
		})
		db := look(t, dsn)
		_, err := db.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE 'LISTEN %'`)
		must(t, err)
		eventually(t, "the loss", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.lost == 1
		})
		must(t, d.Notify(t.Context(), []uint64{2}))
		eventually(t, "a notification after the loss", func() bool { return e.heard(2) })
	})
}

func TestAStrangeNotificationIsHarmless(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if d.Kind() == state.SQLite {
			t.Skip("SQLite has no notifications")
		}
		e := listen(t, d)
		db := look(t, dsn)
		eventually(t, "the tag behind the strange ones", func() bool {
			for _, payload := range []string{"", "zz", "00", "000000000000000", "000000000000000100", "0000000000000007xyz"} {
				_, err := db.Exec(`SELECT pg_notify('mayfly', $1)`, payload)
				must(t, err)
			}
			return e.heard(1, 7)
		})
	})
}

func FuzzTags(f *testing.F) {
	f.Add("")
	f.Add("00000000000000ff0000000000000001")
	f.Add("0000000000000007xyz")
	f.Fuzz(func(t *testing.T, s string) {
		tags := state.ParseTags(s)
		text := state.FormatTags(tags)
		if len(tags) > len(s)/16 || !strings.HasPrefix(strings.ToLower(s), text) {
			t.Errorf("%q has the tags %x", s, tags)
		}
	})
}
