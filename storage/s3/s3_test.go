package s3_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eachService runs a test against every service that MAYFLY_TEST_S3 names: storage URLs with spaces between them.
func eachService(t *testing.T, test func(t *testing.T, c s3.Config)) {
	t.Helper()
	urls := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	if len(urls) == 0 {
		missing(t)
	}
	for _, u := range urls {
		c := config(t, u)
		t.Run(c.Endpoint, func(t *testing.T) { test(t, c) })
	}
}

func missing(t *testing.T) {
	t.Helper()
	if os.Getenv("CI") == "true" && os.Getenv("MAYFLY_TEST_ALL") == "1" {
		t.Fatal("MAYFLY_TEST_S3 is not set, and MAYFLY_TEST_ALL wants everything tested")
	}
	t.Skip(`MAYFLY_TEST_S3 is not set: scripts/services start; eval "$(scripts/services env)"`)
}

func config(t *testing.T, storageURL string) s3.Config {
	t.Helper()
	u, err := url.Parse(storageURL)
	if err != nil {
		t.Fatal(err)
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	return s3.Config{
		Endpoint:  u.Host,
		Insecure:  u.Scheme == "s3+http",
		Bucket:    bucket,
		Prefix:    prefix,
		AccessKey: cmp.Or(os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"), os.Getenv("MAYFLY_S3_ACCESS_KEY")),
		SecretKey: s3.Secret(cmp.Or(os.Getenv("MAYFLY_TEST_S3_SECRET_KEY"), os.Getenv("MAYFLY_S3_SECRET_KEY"))),
	}
}

func open(t *testing.T, c s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestRules(t *testing.T) {
	eachService(t, func(t *testing.T, c s3.Config) {
		s := open(t, c)
		for _, rule := range storagetest.Rules {
			t.Run(rule.Name, func(t *testing.T) {
				if err := rule.Check(t.Context(), s, "test"); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

func TestPrefixesAreSeparate(t *testing.T) {
	eachService(t, func(t *testing.T, c s3.Config) {
		c.Prefix = fmt.Sprintf("Test-%x", rand.Uint64())
		longer := c
		longer.Prefix += "x/y"
		s, other := open(t, c), open(t, longer)
		for _, s := range []*s3.Store{s, other} {
			if err := s.Put(t.Context(), "a/b", strings.NewReader("x"), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Delete(t.Context(), "a/b", "a/c"); err != nil {
			t.Error(err)
		}
		if got := list(t, s); len(got) != 0 {
			t.Errorf("got %v, want nothing", got)
		}
		if got := list(t, other); len(got) != 1 || got[0] != "a/b" {
			t.Errorf("got %v below the longer prefix, want a/b", got)
		}
		if err := other.Delete(t.Context(), "a/b"); err != nil {
			t.Error(err)
		}
	})
}

func list(t *testing.T, s storage.Store) (keys []string) {
	t.Helper()
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func TestMissingBucketIsMade(t *testing.T) {
	eachService(t, func(t *testing.T, c s3.Config) {
		c.Bucket = newBucketName(t, c)
		s := open(t, c)
		if got := list(t, s); len(got) != 0 {
			t.Errorf("got %v in a new bucket", got)
		}
		open(t, c) // it is there now
	})
}

func TestWrongKeysAreExplained(t *testing.T) {
	eachService(t, func(t *testing.T, c s3.Config) {
		c.SecretKey = "wrong-secret-key"
		_, err := s3.Open(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "check the ") {
			t.Errorf("got %v, want a hint", err)
		}
	})
}

func TestWarnings(t *testing.T) {
	eachService(t, func(t *testing.T, c s3.Config) {
		if got, err := open(t, c).Warnings(t.Context()); len(got) > 0 || err != nil {
			t.Errorf("plain bucket: got %q, %v; want nothing", got, err)
		}
		c.Bucket = newBucketName(t, c)
		if err := client(t, c).MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
			t.Skipf("this service locks no objects: %v", err)
		}
		got, err := open(t, c).Warnings(t.Context())
		if err != nil || !strings.Contains(strings.Join(got, "\n"), "object lock is on") {
			t.Errorf("bucket that locks: got %q, %v; want a warning", got, err)
		}
		t.Logf("bucket that locks: %q", got)
	})
}

// newBucketName returns the name of a bucket that is removed when the test ends.
func newBucketName(t *testing.T, c s3.Config) string {
	name := fmt.Sprintf("mayfly-test-%x", rand.Uint64())
	client := client(t, c)
	t.Cleanup(func() { client.RemoveBucket(context.Background(), name) })
	return name
}

func client(t *testing.T, c s3.Config) *minio.Client {
	t.Helper()
	transport, err := minio.DefaultTransport(!c.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(c.AccessKey, string(c.SecretKey), ""),
		Secure:    !c.Insecure,
		Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
