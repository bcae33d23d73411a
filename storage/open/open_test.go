package open_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/open"
)

var credentials = open.Credentials{AccessKey: "access", SecretKey: "canary-secret"}

func TestOpen(t *testing.T) {
	for _, url := range []string{"mem:", "dir:" + filepath.Join(t.TempDir(), "new", "folder")} {
		s, err := open.Open(t.Context(), url, open.Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "a", strings.NewReader("x"), 1); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name, url string
		hint      string // in the error
	}{
		{"an empty URL", "", "dir:PATH"},
		{"a folder without a name", "dir:", "dir:PATH"},
		{"memory with a name", "mem:x", "dir:PATH"},
		{"a path alone", "/var/lib/mayfly", "dir:PATH"},
		{"plain https", "https://host/bucket", "s3+https://"},
		{"another scheme with a password", "s3://user:canary-password@host/bucket", "s3+https://"},
		{"no bucket", "s3+https://host", "no bucket"},
		{"no host", "s3+https:///bucket", "no host"},
		{"a password in it", "s3+https://user:canary-password@host/bucket", "MAYFLY_S3_SECRET_KEY"},
		{"a password in a URL that cannot be read", "s3+https://user:canary-password@host:port/%zz", "cannot be read"},
		{"an unknown parameter", "s3+https://host/bucket?secret=canary-password", "region"},
		{"two regions", "s3+https://host/bucket?region=a&region=b", "region"},
		{"a fragment", "s3+https://host/bucket#x", "region"},
		{"a bucket that cannot be", "s3+https://host/Bucket_1", "a-z"},
		{"a prefix with dots", "s3+https://host/bucket/../x", "prefix"},
		{"a prefix with an empty element", "s3+https://host/bucket/a//b", "prefix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := open.Open(t.Context(), c.url, credentials)
			if err == nil || s != nil {
				t.Fatalf("got %v, %v; want an error and no Store", s, err)
			}
			if !strings.Contains(err.Error(), c.hint) {
				t.Errorf("got %q, which does not say %q", err, c.hint)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestOpenWithoutCredentials(t *testing.T) {
	for _, c := range []open.Credentials{{}, {AccessKey: "access"}, {SecretKey: "secret"}} {
		if _, err := open.Open(t.Context(), "s3+https://host/bucket", c); !errors.Is(err, open.ErrCredentials) {
			t.Errorf("want ErrCredentials, got %v", err)
		}
	}
}

// TestOpenAsksTheHost sees that each part of the URL ends where it belongs.
func TestOpenAsksTheHost(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+between(r.Header.Get("Authorization"), "Credential=", "/s3/"))
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		io.WriteString(w, "x")
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	s, err := open.Open(t.Context(), "s3+http://"+host+"/bucket/some/prefix/?region=mars", credentials)
	if err != nil {
		t.Fatal(err)
	}
	defer s.(io.Closer).Close()
	r, _, err := s.Get(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if len(got) != 2 || !strings.HasPrefix(got[0], "HEAD /bucket/ access/") || !strings.HasSuffix(got[0], "/mars") ||
		!strings.HasPrefix(got[1], "GET /bucket/some/prefix/a ") {
		t.Errorf("got requests %q", got)
	}
	var _ storage.Warner = s.(storage.Warner)
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
