package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program returns the path of mayfly, built from the tree under test.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mayfly-e2e")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mayfly")
	out, err := exec.Command("go", "build", "-o", path, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// mayfly returns the program with arguments, not yet started.
func mayfly(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "MAYFLY_PASSPHRASE_FILE="+passphraseFile(t))
	return cmd
}

func passphraseFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("mayfly-e2e-%d", os.Getpid()))
	if err := os.WriteFile(path, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	return path
}

// run runs mayfly and returns what it printed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := mayfly(t.Context(), t, args...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		t.Fatalf("mayfly %s: %v\n%s", strings.Join(args, " "), err, talk.Bytes())
	}
	return strings.TrimSpace(out.String())
}

// freePort returns an address on loopback that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A process is a server that can be killed and started again.
type process struct {
	t     *testing.T
	start func() *exec.Cmd
	ready func() bool

	mu  sync.Mutex
	cmd *exec.Cmd
}

// up starts the process and waits until it is ready.
func (p *process) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = p.start()
	if err := p.cmd.Start(); err != nil {
		p.t.Error(err)
		return
	}
	for deadline := time.Now().Add(30 * time.Second); !p.ready(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Errorf("%s is not ready after 30 seconds", p.cmd.Path)
			return
		}
	}
}

// kill ends the process as a power cut would, as far as a process can tell.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil { // it could not be started
		return
	}
	p.cmd.Process.Signal(syscall.SIGKILL)
	p.cmd.Wait()
}

// restart kills the process, leaves it dead for a moment, and starts it again.
func (p *process) restart() {
	p.kill()
	time.Sleep(300 * time.Millisecond)
	p.up()
}

func newProcess(t *testing.T, start func() *exec.Cmd, ready func() bool) *process {
	p := &process{t: t, start: start, ready: ready}
	t.Cleanup(p.kill)
	p.up()
	return p
}

// listens returns a function that reports whether somebody listens at addr.
func listens(addr string) func() bool {
	return func() bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
}

// minioProcess starts a MinIO of the test's own and returns the storage URL of a bucket in it.
func minioProcess(t *testing.T) (*process, string) {
	t.Helper()
	bin := os.Getenv("MAYFLY_TEST_MINIO_BIN")
	if bin == "" {
		t.Skip("SKIPPED: MAYFLY_TEST_MINIO_BIN names no MinIO; scripts/test sets it")
	}
	data, certs, addr := t.TempDir(), t.TempDir(), freePort(t)
	p := newProcess(t, func() *exec.Cmd {
		cmd := exec.Command(bin, "server", "--certs-dir", certs, "--address", addr, data)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER=mayfly", "MINIO_ROOT_PASSWORD=mayfly-kill", "MINIO_BROWSER=off", "MINIO_UPDATE=off")
		return cmd
	}, listens(addr))
	return p, (&url.URL{Scheme: "s3+http", Host: addr, Path: "/kill/here"}).String()
}
