//go:build !js

package keyring

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

func newBenchHome(b *testing.B) (r *Ring, dir string, roots Roots) {
	top := b.TempDir()
	dir, roots = filepath.Join(top, "home"), KeyFile(filepath.Join(top, "key"))
	r = must(Create(dir, roots))
	b.Cleanup(func() { r.Close() })
	return r, dir, roots
}

func BenchmarkPut(b *testing.B) {
	r, _, _ := newBenchHome(b)
	value := make([]byte, 64)
	for i := 0; b.Loop(); i++ {
		if err := r.Put(Never, "k", fmt.Sprint(i), value); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForget makes and destroys one bucket among a hundred.
func BenchmarkForget(b *testing.B) {
	r, _, _ := newBenchHome(b)
	for i := range 100 {
		must(r.OwnBucket(Forever - int64(i)))
	}
	for b.Loop() {
		own := must(r.OwnBucket(Forever))
		if err := r.Hasten(own, 1); err != nil {
			b.Fatal(err)
		}
		must(r.Forget())
	}
}

// BenchmarkOpen opens a home with the digests of the longest upload.
func BenchmarkOpen(b *testing.B) {
	r, dir, roots := newBenchHome(b)
	begin := time.Now()
	for i := range 16384 {
		if err := r.Put(Never, "part", fmt.Sprintf("upload/%05d", i), make([]byte, 32)); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("16,384 records were put in %v; the log has %d bytes", time.Since(begin), r.buckets[Never].log.size)
	r.Close()
	for b.Loop() {
		must(Open(dir, roots)).Close()
	}
}

func BenchmarkOpenWithPassphrase(b *testing.B) {
	dir := b.TempDir()
	must(Create(dir, Passphrase(dir, []byte("correct horse")))).Close()
	for b.Loop() {
		must(Open(dir, Passphrase(dir, []byte("correct horse")))).Close()
	}
}
