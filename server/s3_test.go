package server_test

import (
	"crypto/rand"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	storageopen "github.com/seed-7b314ca8/mayfly/storage/open"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// The same story on every S3 service that MAYFLY_TEST_S3 names: parts are streamed into it, come out whole, and go.
func TestBlobOnS3(t *testing.T) {
	urls := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	if len(urls) == 0 {
		missing(t, "MAYFLY_TEST_S3")
	}
	for i, url := range urls {
		t.Run(string(rune('a'+i)), func(t *testing.T) {
			blobs, err := storageopen.Open(t.Context(), url+"/"+strings.ToLower(rand.Text()), storageopen.Credentials{
				AccessKey: os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"), SecretKey: s3.Secret(os.Getenv("MAYFLY_TEST_S3_SECRET_KEY")),
			})
			if err != nil {
				t.Fatal(err)
			}
			if c, ok := blobs.(io.Closer); ok {
				t.Cleanup(func() { c.Close() })
			}
			h := open(t, "sqlite:"+t.TempDir()+"/s.db", blobs, server.Config{})
			b := h.uploaded(10<<20, time.Hour)
			checkFetch(t, h, b)
			wrong := h.begin(1, time.Hour)
			q := wrong.put(0)
			q.header.Set("Content-Digest", wire.ContentDigest(nil))
			h.refuse(q, wire.CodeDigest)
			if n := len(objects(t, blobs, "b/")); n != b.parts() {
				t.Errorf("%d objects for %d parts", n, b.parts())
			}
			h.must(request{method: "DELETE", path: wire.BlobPath(b.id), token: b.del})
			if err := h.s.Reap(t.Context()); err != nil {
				t.Error(err)
			}
			if left := objects(t, blobs, "b/"); len(left) != 0 {
				t.Errorf("%d objects are left", len(left))
			}
			blobs.Delete(t.Context(), objects(t, blobs, "marker")...)
		})
	}
}

// missing skips a test for want of something, or fails it where everything is to be tested.
func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("MAYFLY_TEST_ALL") != "" {
		t.Fatal(name + " is not set, and MAYFLY_TEST_ALL wants everything tested")
	}
	t.Skip(name + ` is not set: scripts/services start; eval "$(scripts/services env)"`)
}
