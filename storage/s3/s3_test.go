package s3_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/storage/s3"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// services returns where tests find S3, from MAYFLY_TEST_S3: storage URLs with spaces between them.
func services(t *testing.T) []s3.Config {
	t.Helper()
	urls := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	if len(urls) == 0 && os.Getenv("MAYFLY_TEST_ALL") == "1" {
		t.Fatal("MAYFLY_TEST_S3 is not set, and MAYFLY_TEST_ALL wants everything tested")
	}
	if len(urls) == 0 {
		t.Skip(`MAYFLY_TEST_S3 is not set: scripts/services start && eval "$(scripts/services env)"`)
	}
	var configs []s3.Config
	for _, u := range urls {
		configs = append(configs, config(t, u))
	}
	return configs
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
		AccessKey: os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"),
		SecretKey: s3.Secret(os.Getenv("MAYFLY_TEST_S3_SECRET_KEY")),
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
	for _, c := range services(t) {
		t.Run(c.Endpoint, func(t *testing.T) {
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
}
