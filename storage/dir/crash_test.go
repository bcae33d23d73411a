package dir_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
)

// contentOf returns what an object of that key has to hold, up to 400 KB.
func contentOf(key string) string {
	h := fnv.New64a()
	io.WriteString(h, key)
	size := 1 + h.Sum64()%400_000
	return strings.Repeat(key+"\n", int(size)/len(key)+1)[:size]
}

// TestCrash kills a process in the middle of many Puts and Deletes, again and again in the same folder, and
// sees that all it had said to be stored is there and whole, and all it had said to be gone is gone.
func TestCrash(t *testing.T) {
	path := t.TempDir()
	stored := make(map[string]bool)
	for range 5 {
		for line := range strings.Lines(runUntilKilled(t, path)) {
			verb, key, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			stored[key] = verb == "put"
		}
		check(t, open(t, path), stored)
	}
	if len(stored) < 50 {
		t.Errorf("only %d objects in all", len(stored))
	}
}

// runUntilKilled returns what the process said, which is killed at an arbitrary moment. Its last line may be cut.
func runUntilKilled(t *testing.T, path string) string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVar+"=crash", pathVar+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	first, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { child.Process.Kill() })
	defer timer.Stop()
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	said := first + string(rest)
	return said[:strings.LastIndex(said, "\n")+1]
}

func check(t *testing.T, s *dir.Store, stored map[string]bool) {
	t.Helper()
	for key, is := range stored {
		got, err := get(t.Context(), s, key)
		if is && (err != nil || got != contentOf(key)) {
			t.Errorf("%s was stored, and now there are %d bytes, %v", key, len(got), err)
		}
		if !is && !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("%s was deleted, and now there are %d bytes, %v", key, len(got), err)
		}
	}
	for _, key := range list(t, s) { // also what was not acknowledged
		if got, err := get(t.Context(), s, key); err != nil || got != contentOf(key) {
			t.Errorf("%s is listed, and has %d bytes, %v", key, len(got), err)
		}
	}
}

// crashChild puts objects, and deletes every fourth, without end, and says what is done.
func crashChild(path string) error {
	s, err := dir.Open(path)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			for n := 0; errs[i] == nil; n++ {
				errs[i] = putAndTell(s, fmt.Sprintf("%02x/%016x", rand.IntN(256), rand.Uint64()), n%4 == 0)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func putAndTell(s storage.Store, key string, thenDelete bool) error {
	ctx, data := context.Background(), contentOf(key)
	if err := s.Put(ctx, key, strings.NewReader(data), int64(len(data))); err != nil {
		return err
	}
	if !thenDelete {
		_, err := fmt.Printf("put %s\n", key)
		return err
	}
	if err := s.Delete(ctx, key); err != nil {
		return err
	}
	_, err := fmt.Printf("delete %s\n", key)
	return err
}
