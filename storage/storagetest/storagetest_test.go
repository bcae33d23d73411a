package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A broken store is a good one but for the calls that are set here.
type broken struct {
	storage.Store
	put    func(ctx context.Context, key string, r io.Reader, size int64) error
	get    func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error)
	delete func(ctx context.Context, keys ...string) error
	list   func(ctx context.Context, prefix string) iter.Seq2[storage.Object, error]
}

func (b *broken) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if b.put == nil {
		return b.Store.Put(ctx, key, r, size)
	}
	return b.put(ctx, key, r, size)
}

func (b *broken) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
	if b.get == nil {
		return b.Store.Get(ctx, key, off, n)
	}
	return b.get(ctx, key, off, n)
}

func (b *broken) Delete(ctx context.Context, keys ...string) error {
	if b.delete == nil {
		return b.Store.Delete(ctx, keys...)
	}
	return b.delete(ctx, keys...)
}

func (b *broken) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	if b.list == nil {
		return b.Store.List(ctx, prefix)
	}
	return b.list(ctx, prefix)
}

// TestRulesFind sees that each way to break a promise is found by the rule that is about it.
func TestRulesFind(t *testing.T) {
	found := make(map[string]bool)
	for _, c := range []struct {
		rule string // how it begins
		how  func(good storage.Store, b *broken)
	}{
		{"an object reads as it was put", func(good storage.Store, b *broken) {
			b.put = func(ctx context.Context, key string, r io.Reader, size int64) error {
				data, err := io.ReadAll(r)
				if len(data) > 1<<20 {
					data[1<<20] ^= 1
				}
				return errors.Join(err, good.Put(ctx, key, bytes.NewReader(data), size))
			}
		}},
		{"a part of an object", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				r, size, err := good.Get(ctx, key, off, n)
				return r, size - off, err
			}
		}},
		{"a range outside", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				r, size, err := good.Get(ctx, key, off, n)
				if errors.Is(err, storage.ErrRange) {
					return io.NopCloser(strings.NewReader("")), 1000, nil
				}
				return r, size, err
			}
		}},
		{"a missing object", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				r, size, err := good.Get(ctx, key, off, n)
				if errors.Is(err, storage.ErrNotExist) {
					return io.NopCloser(late{err}), 0, nil
				}
				return r, size, err
			}
		}},
		{"a size that no object has", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			if size == 0 {
				return nil
			}
			return good.Put(ctx, key, r, size)
		})},
		{"a reader that ends early", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			data, err := io.ReadAll(io.LimitReader(r, size+1))
			return errors.Join(err, good.Put(ctx, key, bytes.NewReader(data), max(int64(len(data)), 1)))
		})},
		{"a reader that goes on", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			return good.Put(ctx, key, io.LimitReader(r, size), size)
		})},
		{"an error of the reader", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			data := make([]byte, max(size, 0))
			n, err := io.ReadFull(r, data) // and never looks at what comes behind
			if int64(n) == size {
				err = nil
			}
			return errors.Join(err, good.Put(ctx, key, bytes.NewReader(data), size))
		})},
		{"Put does not read on", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			err := good.Put(ctx, key, r, size)
			if err != nil && size == storage.MaxObjectSize {
				go func() {
					time.Sleep(10 * time.Millisecond)
					r.Read(make([]byte, 1))
				}()
			}
			return err
		})},
		{"a cancelled context", func(good storage.Store, b *broken) {
			b.list = func(_ context.Context, prefix string) iter.Seq2[storage.Object, error] {
				return good.List(context.Background(), prefix)
			}
		}},
		{"a Put that is cancelled", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return good.Put(context.Background(), key, r, size)
		})},
		{"a Get that is cancelled", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				if ctx.Err() != nil {
					return nil, 0, ctx.Err()
				}
				return good.Get(context.Background(), key, off, n)
			}
		}},
		{"a reader whose object is deleted", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				r, size, err := good.Get(ctx, key, off, n)
				if err != nil {
					return nil, 0, err
				}
				half := struct {
					io.Reader
					io.Closer
				}{io.LimitReader(r, size/2), r}
				return half, size, nil
			}
		}},
		{"what is deleted is gone", func(_ storage.Store, b *broken) {
			b.delete = func(context.Context, ...string) error { return nil }
		}},
		{"2,500 keys", func(good storage.Store, b *broken) {
			b.delete = func(ctx context.Context, keys ...string) error {
				return good.Delete(ctx, keys[:min(len(keys), 1000)]...)
			}
		}},
		{"a list is whole", func(good storage.Store, b *broken) {
			b.list = func(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
				return func(yield func(storage.Object, error) bool) {
					n := 0
					for o, err := range good.List(ctx, prefix) {
						if n++; n > 1000 || !yield(o, err) {
							return
						}
					}
				}
			}
		}},
		{"a list is exact", func(good storage.Store, b *broken) {
			b.list = func(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
				return good.List(ctx, strings.TrimSuffix(prefix, "/"))
			}
		}},
		{"a list that is left", func(good storage.Store, b *broken) {
			b.list = func(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
				return func(yield func(storage.Object, error) bool) {
					var objects []storage.Object
					for o := range good.List(ctx, prefix) {
						objects = append(objects, o)
					}
					for _, o := range slices.Backward(objects) {
						if !yield(o, nil) {
							return
						}
					}
				}
			}
		}},
		{"the time of an object", func(good storage.Store, b *broken) {
			b.list = func(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
				return func(yield func(storage.Object, error) bool) {
					for o, err := range good.List(ctx, prefix) {
						if o.ModTime = (time.Time{}); !yield(o, err) {
							return
						}
					}
				}
			}
		}},
		{"a malformed key", putting(func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error {
			return good.Put(ctx, strings.ToLower(key), r, size)
		})},
		{"many writers", func(good storage.Store, b *broken) {
			b.put = func(ctx context.Context, _ string, r io.Reader, size int64) error {
				return good.Put(ctx, "one", r, size)
			}
			b.get = func(ctx context.Context, _ string, off, n int64) (io.ReadCloser, int64, error) {
				return good.Get(ctx, "one", off, n)
			}
		}},
		{"an error does not tell the key", func(good storage.Store, b *broken) {
			b.get = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
				r, size, err := good.Get(ctx, key, off, n)
				if err != nil {
					return nil, 0, errors.Join(err, errors.New(key))
				}
				return r, size, nil
			}
		}},
	} {
		rule := ruleThatBegins(t, c.rule)
		found[rule.Name] = true
		t.Run(rule.Name, func(t *testing.T) {
			good := mem.New()
			b := &broken{Store: good}
			c.how(good, b)
			if err := rule.Check(t.Context(), good, "good"); err != nil {
				t.Errorf("a good store: %v", err)
			}
			if err := rule.Check(t.Context(), b, "broken"); err == nil {
				t.Error("the rule found nothing")
			}
		})
	}
	for _, rule := range storagetest.Rules {
		if !found[rule.Name] {
			t.Errorf("no store breaks the rule that %s", rule.Name)
		}
	}
}

func putting(put func(ctx context.Context, good storage.Store, key string, r io.Reader, size int64) error) func(storage.Store, *broken) {
	return func(good storage.Store, b *broken) {
		b.put = func(ctx context.Context, key string, r io.Reader, size int64) error {
			return put(ctx, good, key, r, size)
		}
	}
}

// late is a reader that tells only now what Get should have told.
type late struct{ err error }

func (l late) Read([]byte) (int, error) { return 0, l.err }

func ruleThatBegins(t *testing.T, name string) storagetest.Rule {
	t.Helper()
	for _, rule := range storagetest.Rules {
		if strings.HasPrefix(rule.Name, name) {
			return rule
		}
	}
	t.Fatalf("there is no rule that %s", name)
	return storagetest.Rule{}
}

func TestCheckNamesWhatIsBroken(t *testing.T) {
	s := &broken{Store: mem.New(), delete: func(context.Context, ...string) error { return errors.New("read-only") }}
	err := storagetest.Check(t.Context(), s, "test")
	if err == nil || !strings.Contains(err.Error(), "broken: what is deleted is gone") || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
	if err := storagetest.Check(t.Context(), mem.New(), "Not/a/key"); !errors.Is(err, storage.ErrKey) {
		t.Errorf("a malformed prefix: got %v", err)
	}
}

func TestFaultyFailsAsOftenAsItShould(t *testing.T) {
	for _, c := range []struct{ rate, low, high float64 }{{0, 0, 0}, {0.3, 0.2, 0.4}, {1, 1, 1}} {
		good := mem.New()
		s := storagetest.Faulty(good, 1, c.rate)
		const calls = 500
		failed := 0
		for i := range calls {
			key := "a" + strings.Repeat("b", i%50)
			if err := s.Put(t.Context(), key, strings.NewReader("0123456789"), 10); errors.Is(err, storagetest.ErrFault) {
				failed++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if rate := float64(failed) / calls; rate < c.low || rate > c.high {
			t.Errorf("rate %v: failed %v", c.rate, rate)
		}
	}
}

func TestFaultyFailsInEveryWay(t *testing.T) {
	good := mem.New()
	s := storagetest.Faulty(good, 1, 1)
	ways := make(map[string]bool)
	for range 200 {
		errPut := s.Put(t.Context(), "a", strings.NewReader("0123456789"), 10)
		_, _, errGood := good.Get(t.Context(), "a", 0, -1)
		ways[describe("put", errPut, errGood == nil)] = true

		good.Put(t.Context(), "a", strings.NewReader("0123456789"), 10)
		good.Put(t.Context(), "b", strings.NewReader("0123456789"), 10)
		r, _, errGet := s.Get(t.Context(), "a", 0, -1)
		if errGet == nil {
			data, err := io.ReadAll(r)
			ways[describe("read", err, len(data) > 0)] = true
		}
		n := 0
		var errList error
		for _, errList = range s.List(t.Context(), "") {
			n++
		}
		ways[describe("list", errList, n > 1)] = true

		failed, _ := errors.AsType[*storage.DeleteError](s.Delete(t.Context(), "a", "b"))
		_, _, errA := good.Get(t.Context(), "a", 0, -1)
		ways[describe("delete", failed.Failed["b"], errA != nil)] = true
		ways[describe("delete of some", failed.Failed["b"], failed.Failed["a"] == nil)] = true
		good.Delete(t.Context(), "a", "b")
	}
	for _, way := range []string{
		"put failed, nothing done", "put failed, done", "read failed, nothing done", "read failed, done",
		"list failed, nothing done", "list failed, done", "delete failed, nothing done", "delete failed, done",
		"delete of some failed, nothing done", "delete of some failed, done",
	} {
		if !ways[way] {
			t.Errorf("never: %s", way)
		}
		delete(ways, way)
	}
	for way := range ways {
		t.Errorf("and yet: %s", way)
	}
}

func describe(what string, err error, done bool) string {
	if errors.Is(err, storagetest.ErrFault) {
		what += " failed"
	} else {
		what += " did not fail"
	}
	if done {
		return what + ", done"
	}
	return what + ", nothing done"
}

func TestFaultyRepeatsItself(t *testing.T) {
	run := func() (places []int) {
		s := storagetest.Faulty(mem.New(), 42, 0.5)
		for i := range 100 {
			if s.Put(t.Context(), "a", strings.NewReader("x"), 1) != nil {
				places = append(places, i)
			}
		}
		return places
	}
	if a, b := run(), run(); !slices.Equal(a, b) {
		t.Errorf("failed at %v, then at %v", a, b)
	}
}
