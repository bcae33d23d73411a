package dir_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
)

func init() { children["full"] = fullChild }

// TestFullDisk gives a process a file system of its own that is too small.
func TestFullDisk(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVar+"=full", pathVar+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	if err != nil && (len(out) == 0 || strings.Contains(string(out), "mount:")) {
		t.Skipf("no file system of our own to be had here: %v %s", err, out)
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func fullChild(path string) error {
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=1m"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	s, err := dir.Open(path)
	if err != nil {
		return err
	}
	ctx, small := context.Background(), strings.Repeat("x", 400_000)
	large := strings.Repeat("x", 2<<20)
	err = s.Put(ctx, "a", strings.NewReader(large), int64(len(large)))
	if !errors.Is(err, storage.ErrFull) {
		return fmt.Errorf("got %v, want ErrFull", err)
	}
	// The failed Put has given back what it took.
	return errors.Join(
		s.Put(ctx, "b", strings.NewReader(small), int64(len(small))),
		s.Put(ctx, "c", strings.NewReader(small), int64(len(small))),
		s.Delete(ctx, "b", "c"),
		s.Put(ctx, "d", strings.NewReader(small), int64(len(small))),
	)
}
