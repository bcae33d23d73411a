package server_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A gate lets all puts begin before one may end.
type gate struct {
	storage.Store
	begun sync.WaitGroup
}

func (s *gate) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if size < 1<<20 {
		return s.Store.Put(ctx, key, r, size)
	}
	s.begun.Done()
	s.begun.Wait()
	return s.Store.Put(ctx, key, r, size)
}

// Sixteen parts of eight MiB at once take a small part of their size in memory.
func TestUploadsAreNotHeldInMemory(t *testing.T) {
	const uploads, bound = 16, 16 << 20
	inner, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	blobs := &gate{Store: inner}
	blobs.begun.Add(uploads)
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", blobs, server.Config{})
	tickets := h.tickets(h.enrolled(), wire.TicketBlob16M, uploads)
	template := newBlob(12<<20, time.Hour, nil)
	template.PartSize = wire.MaxPartSize
	part := template.part(0)

	var puts []request
	for _, ticket := range tickets {
		b := *template
		b.tickets = []wire.Row{ticket}
		b.upload = wire.NewToken()
		created, err := wire.ParseCreated(h.must(b.create()).body)
		if err != nil {
			t.Fatal(err)
		}
		b.id = created.ID
		puts = append(puts, b.put(0))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var wg sync.WaitGroup
	for _, q := range puts {
		wg.Go(func() {
			if a := h.do(q); a.status != http.StatusNoContent {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	wg.Wait()
	runtime.ReadMemStats(&after)
	got := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d uploads of %d bytes allocated %d bytes in all, the client's included", uploads, len(part), got)
	if got > bound {
		t.Errorf("that is more than %d", bound)
	}
}
