package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// gibibyte is the length of the file whose way through the system is measured.
const gibibyte = 1 << 30

// transfer measures the way of a file through client and server into a real MinIO and back, against raw requests of the
// same parts, as many at a time.
func transfer(b *table) {
	storage := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	if len(storage) == 0 {
		b.t.Log("SKIPPED the transfers: MAYFLY_TEST_S3 names no bucket; scripts/bench starts one")
		return
	}
	name := fmt.Sprintf("bench%d", time.Now().UnixNano())
	s := serve(b, "--storage", storage[0]+"/"+name)
	c := s.client(b)
	content := bytes.NewReader(randomBytes(gibibyte))
	var a *chat.Attachment
	send := func() {
		var err error
		f := client.File{Name: "x", Content: content, Size: gibibyte}
		if a, err = c.Upload(b.t.Context(), f, &client.UploadOptions{AsIs: true, TTL: time.Hour}); err != nil {
			b.t.Fatal(err)
		}
	}
	fetch := func() {
		if err := c.Fetch(b.t.Context(), a, nowhere{}, nil); err != nil {
			b.t.Fatal(err)
		}
	}
	r := newRawS3(b, storage[0], name+"raw", content)
	b.addRounds(2, "send 1 GiB through client and server into MinIO", "raw PutObject of the same parts, 4 at a time", "≥ 0.90", send, r.put)
	b.addRounds(2, "fetch 1 GiB from MinIO through server and client", "raw GetObject of the same parts, 4 at a time", "≥ 0.80", fetch, r.get)
}

func (b *table) addRounds(n int, what, reference, want string, ours, ref func()) {
	ratio := best(n, ref, ours)
	b.figures = append(b.figures, figure{what, reference, want, fmt.Sprintf("%.2f", ratio)})
	b.t.Logf("%s: %.2f of %s", what, ratio, reference)
}

// nowhere is an io.WriterAt that keeps nothing.
type nowhere struct{}

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// A rawS3 speaks to a bucket without anything in between.
type rawS3 struct {
	b       *table
	client  *minio.Client
	bucket  string
	prefix  string
	content io.ReaderAt
}

func newRawS3(b *table, storage, prefix string, content io.ReaderAt) *rawS3 {
	u, err := url.Parse(storage)
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(
		os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"), os.Getenv("MAYFLY_TEST_S3_SECRET_KEY"), "")})
	if err != nil {
		b.t.Fatal(err)
	}
	return &rawS3{b, c, strings.Trim(u.Path, "/"), prefix, content}
}

// each calls f for every part, four at a time.
func (r *rawS3) each(f func(ctx context.Context, key string, off, n int64) error) {
	size := wire.BlobSize(wire.PaddedSize(gibibyte))
	partSize := wire.DefaultPartSize(wire.PaddedSize(gibibyte))
	group, ctx := errgroup.WithContext(r.b.t.Context())
	group.SetLimit(4)
	for i := range wire.Parts(size, partSize) {
		off, n := wire.PartRange(size, partSize, i)
		off = min(off, gibibyte-n) // ciphertext is a little longer than what there is
		group.Go(func() error { return f(ctx, fmt.Sprintf("%s/%d", r.prefix, i), off, n) })
	}
	if err := group.Wait(); err != nil {
		r.b.t.Fatal(err)
	}
}

func (r *rawS3) put() {
	r.each(func(ctx context.Context, key string, off, n int64) error {
		_, err := r.client.PutObject(ctx, r.bucket, key, io.NewSectionReader(r.content, off, n), n,
			minio.PutObjectOptions{DisableMultipart: true})
		return err
	})
}

func (r *rawS3) get() {
	r.each(func(ctx context.Context, key string, _, n int64) error {
		object, err := r.client.GetObject(ctx, r.bucket, key, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer object.Close()
		got, err := io.Copy(io.Discard, object)
		if err == nil && got != n {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
}

// A running is a server in a process of its own.
type running struct {
	cmd   *exec.Cmd
	bin   string
	state string
	env   []string
}

// serve starts a server and ends it with the test.
func serve(b *table, args ...string) *running {
	s := &running{bin: os.Getenv("MAYFLY_BENCH_BIN"), state: filepath.Join(b.t.TempDir(), "S")}
	ready := filepath.Join(b.t.TempDir(), "R")
	s.env = append(os.Environ(),
		"MAYFLY_S3_ACCESS_KEY="+os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"), "MAYFLY_S3_SECRET_KEY="+os.Getenv("MAYFLY_TEST_S3_SECRET_KEY"))
	s.cmd = exec.Command(s.bin, append([]string{
		"serve", "--state", s.state, "--listen", "127.0.0.1:0", "--ready-file", ready, "--log-level", "warn",
	}, args...)...)
	s.cmd.Env = s.env
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		s.cmd.Process.Signal(syscall.SIGTERM)
		s.cmd.Wait()
	})
	for range 300 {
		if _, err := os.Stat(ready); err == nil {
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatal("the server is not ready after 30 seconds")
	return nil
}

// mayfly runs the program and returns what it printed, and its peak of memory in MiB, as far as that was seen.
func (s *running) mayfly(b *table, args ...string) (out string, peak int64) {
	cmd := exec.Command(s.bin, args...)
	cmd.Env = s.env
	cmd.Stderr = os.Stderr
	var printed bytes.Buffer
	cmd.Stdout = &printed
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.t.Fatal(err)
			}
			return strings.TrimSpace(printed.String()), peak
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, peakOf(cmd.Process.Pid))
		}
	}
}

func (s *running) invite(b *table) string {
	invite, _ := s.mayfly(b, "admin", "invite", "--state", s.state)
	return invite
}

// client returns somebody who is enrolled.
func (s *running) client(b *table) *client.Client {
	transport := client.NewHTTPTransport()
	b.t.Cleanup(transport.CloseIdleConnections)
	c := &client.Client{Ring: keyring.Memory(), Transport: transport}
	if err := c.Enrol(b.t.Context(), s.invite(b)); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// memory measures the peaks of client and server while a sparse file of 10 GiB passes through both.
func memory(b *table) {
	const size = 10 << 30
	s := serve(b)
	dir := b.t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	f, err := os.Create(path("sparse.bin"))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		b.t.Fatal(err)
	}
	f.Close()
	key := []string{"--home", path("A"), "--key-file", path("A.key")}
	s.mayfly(b, append([]string{"id", "create", "--invite", s.invite(b)}, key...)...)
	other := []string{"--home", path("B"), "--key-file", path("B.key")}
	s.mayfly(b, append([]string{"id", "create", "--invite", s.invite(b)}, other...)...)
	card, _ := s.mayfly(b, append([]string{"id", "show"}, other...)...)
	s.mayfly(b, append([]string{"contact", "add", "bob", card}, key...)...)
	_, peak := s.mayfly(b, append([]string{"send", path("sparse.bin"), "--as-is", "--to", "bob", "--ttl", "1h"}, key...)...)
	b.peak("peak memory of the client, sending 10 GiB", peak)
	b.peak("peak memory of the server, storing 10 GiB", peakOf(s.cmd.Process.Pid))
}

func (b *table) peak(what string, mib int64) {
	b.figures = append(b.figures, figure{what, "nothing", "≤ 96 MiB", fmt.Sprintf("%d MiB", mib)})
	b.t.Logf("%s: %d MiB", what, mib)
}

// peakOf returns the most memory that a process has had since it began, in MiB; 0 if it has ended. The kernel's figure
// for a process that has ended (ru_maxrss) would count the memory of its parent, which started it.
func peakOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return kib >> 10
}
