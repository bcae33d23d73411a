package s3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
)

// serve returns a Store on a service that has a bucket and otherwise answers as it likes.
func serve(t *testing.T, answer http.HandlerFunc) *s3.Store {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		if r.Method != http.MethodHead { // the question whether there is a bucket
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return open(t, configOf(server))
}

func configOf(server *httptest.Server) s3.Config {
	return s3.Config{
		Endpoint:  strings.TrimPrefix(server.URL, "http://"),
		Insecure:  true,
		Bucket:    "bucket",
		Region:    "mars",
		AccessKey: "access",
		SecretKey: "canary-secret",
	}
}

func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>Sorry</Message></Error>", code)
	}
}

func get(t *testing.T, s storage.Store, off, n int64) ([]byte, int64, error) {
	t.Helper()
	r, size, err := s.Get(t.Context(), "canary/key", off, n)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return data, size, err
}

func TestGetRefusesOtherThanItAskedFor(t *testing.T) {
	for _, c := range []struct {
		name         string
		off, n       int64
		contentRange string
		length       string
		body         string
		ok           bool
	}{
		{"the whole object", 0, -1, "", "10", "0123456789", true},
		{"a part of it", 2, 3, "bytes 2-4/10", "3", "234", true},
		{"all of it as an answer to a range of it all", 0, 10, "", "10", "0123456789", true},
		{"a body that is cut off", 0, -1, "", "10", "01234", false},
		{"a part that is cut off", 2, 3, "bytes 2-4/10", "3", "2", false},
		{"all of it as an answer to a part", 2, 3, "", "10", "0123456789", false},
		{"too much", 2, 3, "bytes 2-5/10", "4", "2345", false},
		{"too little", 2, 3, "bytes 2-3/10", "2", "23", false},
		{"no whole size", 2, 3, "bytes 2-4/*", "3", "234", false},
		{"nonsense for a range", 2, 3, "canary", "3", "234", false},
		{"a negative size", 2, 3, "bytes 2-4/-10", "3", "234", false},
		{"no length", 0, -1, "", "", "0123456789", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.contentRange != "" {
					w.Header().Set("Content-Range", c.contentRange)
				}
				if c.length != "" {
					w.Header().Set("Content-Length", c.length)
				} else {
					w.(http.Flusher).Flush() // chunked
				}
				if c.contentRange != "" {
					w.WriteHeader(http.StatusPartialContent)
				}
				io.WriteString(w, c.body)
			})
			data, size, err := get(t, s, c.off, c.n)
			if c.ok && (err != nil || size != 10 || string(data) != c.body) {
				t.Errorf("got %q of %d, %v", data, size, err)
			}
			if !c.ok && err == nil {
				t.Errorf("got %q of %d and no error", data, size)
			}
		})
	}
}

func TestErrorsHaveNames(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		is     error
		isNot  error
	}{
		{"a missing object", refuse(404, "NoSuchKey"), storage.ErrNotExist, storage.ErrFull},
		{"a missing bucket does not mean a missing object", refuse(404, "NoSuchBucket"), nil, storage.ErrNotExist},
		{"a forbidden object does not mean a missing one", refuse(403, "AccessDenied"), nil, storage.ErrNotExist},
		{"a range outside", refuse(416, "InvalidRange"), storage.ErrRange, storage.ErrNotExist},
		{"a full disk", refuse(507, "XMinioStorageFull"), storage.ErrFull, storage.ErrNotExist},
		{"a quota that is used up", refuse(403, "QuotaExceeded"), storage.ErrFull, storage.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.answer)
			_, _, errGet := get(t, s, 0, -1)
			errPut := s.Put(t.Context(), "canary/key", strings.NewReader("x"), 1)
			for _, err := range []error{errGet, errPut} {
				if err == nil || c.is != nil && !errors.Is(err, c.is) || errors.Is(err, c.isNot) {
					t.Errorf("got %v", err)
				}
				if strings.Contains(err.Error(), "canary") {
					t.Errorf("the error tells key or secret: %v", err)
				}
			}
		})
	}
}

func TestUnreachableServiceDoesNotTellKeys(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	c := configOf(server)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	server.Close()
	_, _, errGet := get(t, s, 0, -1)
	errPut := s.Put(t.Context(), "canary/key", strings.NewReader("x"), 1)
	_, errOpen := s3.Open(t.Context(), c)
	for _, err := range []error{errGet, errPut, errOpen} {
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v", err)
		}
	}
	if !strings.Contains(errOpen.Error(), "check that the service is up") {
		t.Errorf("Open gives no hint: %v", errOpen)
	}
}

func TestPutIsOnePlainRequest(t *testing.T) {
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		io.Copy(io.Discard, r.Body)
		if r.Method != http.MethodPut || r.URL.Path != "/bucket/canary/key" || r.URL.RawQuery != "" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		if got := r.Header.Get("Content-Type"); got != "application/octet-stream" {
			t.Errorf("got the type %q", got)
		}
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Amz-Meta") || strings.HasPrefix(name, "X-Amz-Checksum") || name == "X-Amz-Trailer" {
				t.Errorf("got the header %s", name)
			}
		}
		if r.TransferEncoding != nil || r.ContentLength < storage.MaxObjectSize {
			t.Errorf("got the length %d, in %q", r.ContentLength, r.TransferEncoding)
		}
	})
	r := bytes.NewReader(make([]byte, storage.MaxObjectSize))
	if err := s.Put(t.Context(), "canary/key", r, storage.MaxObjectSize); err != nil {
		t.Error(err)
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("got %d requests", got)
	}
}

func TestPutIsNotRepeated(t *testing.T) {
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		refuse(503, "SlowDown")(w, r)
	})
	// This reader could be rewound; the caller's digest of it could not.
	if err := s.Put(t.Context(), "canary/key", strings.NewReader("x"), 1); err == nil {
		t.Error("got no error")
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("got %d requests", got)
	}
}

// TestPutOfRefusedBytesNeverCompletes sees that a service which waits for all bytes never gets them.
func TestPutOfRefusedBytesNeverCompletes(t *testing.T) {
	errDigest := errors.New("wrong digest")
	const size = 100_000
	whole := make(chan bool, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		whole <- err == nil
	})
	r := io.MultiReader(bytes.NewReader(make([]byte, size)), failing{errDigest})
	if err := s.Put(t.Context(), "canary/key", r, size); !errors.Is(err, errDigest) {
		t.Errorf("got %v", err)
	}
	if <-whole {
		t.Error("the service got a whole request")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestPutOfUnreadBytesIsNoSuccess is about a service that does not wait for them.
func TestPutOfUnreadBytesIsNoSuccess(t *testing.T) {
	answered := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		http.NewResponseController(w).Flush()
		close(answered)
		io.Copy(io.Discard, r.Body)
	})
	r := &afterwards{wait: answered, r: bytes.NewReader(make([]byte, 100_000))}
	if err := s.Put(t.Context(), "canary/key", r, 100_000); err == nil {
		t.Error("an object was acknowledged that was never read to its end")
	}
}

// afterwards is a reader that has nothing to say before wait is closed, and little then.
type afterwards struct {
	wait <-chan struct{}
	r    io.Reader
}

func (a *afterwards) Read(p []byte) (int, error) {
	<-a.wait
	time.Sleep(10 * time.Millisecond)
	return a.r.Read(p[:min(len(p), 100)])
}

func TestDeleteBelievesOnlyWhatIsConfirmed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<DeleteResult><Deleted><Key>a</Key></Deleted><Deleted><Key>foreign</Key></Deleted>
			<Error><Key>b</Key><Code>AccessDenied</Code></Error>
			<Error><Key>c</Key><Code>NoSuchKey</Code></Error>
			<Error><Key>d</Key><Code>InvalidArgument</Code></Error></DeleteResult>`)
	})
	err := s.Delete(t.Context(), "a", "b", "c", "d", "e")
	failed, ok := errors.AsType[*storage.DeleteError](err)
	if !ok || len(failed.Failed) != 3 || failed.Failed["b"] == nil || failed.Failed["d"] == nil || failed.Failed["e"] == nil {
		t.Errorf("got %v, %v; want b, which was refused, and d and e, of which nothing was said", err, failed)
	}
}

func TestDeleteThatFailsFailsForAll(t *testing.T) {
	s := serve(t, refuse(403, "AccessDenied"))
	for _, keys := range [][]string{{"a"}, {"a", "b"}} {
		failed, ok := errors.AsType[*storage.DeleteError](s.Delete(t.Context(), keys...))
		if !ok || len(failed.Failed) != len(keys) {
			t.Errorf("delete of %q: got %v", keys, failed)
		}
	}
}

func contents(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>1</Size><LastModified>2006-01-02T15:04:05Z</LastModified></Contents>", key)
	}
	return b.String()
}

func TestListRefusesDisorder(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", contents("a", "c", "b"))
	})
	var err error
	for _, err = range s.List(t.Context(), "") {
	}
	if err == nil {
		t.Error("got no error")
	}
}

func TestListLeavesOutWhatIsNotOurs(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", contents("README.TXT", "a", "a/", "b"))
	})
	if got := list(t, s); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("got %q", got)
	}
}

func TestListThatIsCancelledIsNotWhole(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult>%s<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"+
			"</ListBucketResult>", contents("a"))
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var err error
	for _, err = range s.List(ctx, "") {
		cancel()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOpenExplains(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		hint   string
	}{
		{"no bucket and no right to make one", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(404)
				return
			}
			refuse(403, "AccessDenied")(w, r)
		}, "s3:CreateBucket"},
		{"wrong keys", refuse(403, ""), "s3:ListBucket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			_, err := s3.Open(t.Context(), configOf(server))
			if err == nil || !strings.Contains(err.Error(), c.hint) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want a hint at %s", err, c.hint)
			}
		})
	}
}

func TestSecretIsNotWritten(t *testing.T) {
	c := s3.Config{AccessKey: "access", SecretKey: "canary-secret"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "config", c, "secret", c.SecretKey)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, format+format, c, c.SecretKey)
	}
	if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), "63616e617279") {
		t.Errorf("got %s", log.String())
	}
	if out, err := json.Marshal(c); err == nil {
		t.Errorf("got %s", out)
	}
}
