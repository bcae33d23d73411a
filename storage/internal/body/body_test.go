package body_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/internal/body"
)

var errBroken = errors.New("broken")

func TestIn(t *testing.T) {
	const text = "0123456789"
	for _, c := range []struct {
		name string
		r    io.Reader
		size int64
		want error
	}{
		{"the announced size", strings.NewReader(text), 10, nil},
		{"a byte at a time", iotest.OneByteReader(strings.NewReader(text)), 10, nil},
		{"io.EOF with the last bytes", iotest.DataErrReader(strings.NewReader(text)), 10, nil},
		{"one byte less", strings.NewReader(text), 11, storage.ErrSize},
		{"one byte less, io.EOF with the last", iotest.DataErrReader(strings.NewReader(text)), 11, storage.ErrSize},
		{"one byte more", strings.NewReader(text), 9, storage.ErrSize},
		{"nothing", strings.NewReader(""), 1, storage.ErrSize},
		{"an error in the middle", io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken)), 11, errBroken},
		{"an error instead of the end", io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken)), 10, errBroken},
		{"an error in a size that is short", io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken)), 9, storage.ErrSize},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := body.NewIn(t.Context(), "key", c.r, c.size)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(in)
			if !errors.Is(err, c.want) || !errors.Is(in.Err(), c.want) || in.Whole() != (c.want == nil) {
				t.Errorf("got %v, %v, whole %t; want %v", err, in.Err(), in.Whole(), c.want)
			}
			if c.want == nil && string(got) != text {
				t.Errorf("got %q", got)
			}
			if c.want != nil && int64(len(got)) >= c.size {
				t.Errorf("all %d bytes came although something was wrong", len(got))
			}
		})
	}
}

func TestInIsAReader(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 1000)
	in, err := body.NewIn(t.Context(), "key", bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(in, data); err != nil {
		t.Error(err)
	}
}

func TestInRefusesSizes(t *testing.T) {
	for _, size := range []int64{math.MinInt64, -1, 0, storage.MaxObjectSize + 1, math.MaxInt64} {
		if _, err := body.NewIn(t.Context(), "key", strings.NewReader("x"), size); !errors.Is(err, storage.ErrSize) {
			t.Errorf("%d: got %v", size, err)
		}
	}
}

func TestInRefusesKeys(t *testing.T) {
	if _, err := body.NewIn(t.Context(), "a//b", strings.NewReader("x"), 1); !errors.Is(err, storage.ErrKey) {
		t.Errorf("got %v", err)
	}
}

func TestInEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, err := body.NewIn(ctx, "key", strings.NewReader("0123456789"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(in, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(in); !errors.Is(err, context.Canceled) || in.Whole() {
		t.Errorf("got %v", err)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		name            string
		size, off, n, l int64 // l is 0 for an error
	}{
		{"all", 10, 0, -1, 10},
		{"the rest", 10, 3, -1, 7},
		{"a part", 10, 3, 4, 4},
		{"more than there is", 10, 3, 8, 7},
		{"much more than there is", 10, 3, math.MaxInt64, 7},
		{"the last byte", 10, 9, -1, 1},
		{"nothing", 10, 3, 0, 0},
		{"behind the end", 10, 10, -1, 0},
		{"far behind the end", 10, math.MaxInt64, math.MaxInt64, 0},
		{"before the start", 10, -1, 5, 0},
		{"an empty object", 0, 0, -1, 0},
		{"a size that is unknown", -1, 0, -1, 0},
	} {
		got, err := body.Clip(c.size, c.off, c.n)
		if got != c.l || (err != nil) != (c.l == 0) || err != nil && !errors.Is(err, storage.ErrRange) {
			t.Errorf("%s: got %d, %v; want %d", c.name, got, err, c.l)
		}
	}
}

func TestOutIsAReader(t *testing.T) {
	data := []byte("0123456789")
	out, err := body.NewOut(t.Context(), bytes.NewReader(data), func() error { return errBroken }, 10, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(out, data[2:7]); err != nil {
		t.Error(err)
	}
	if err := out.Close(); err != errBroken {
		t.Errorf("Close: got %v", err)
	}
}

func TestOutOfATruncatedFile(t *testing.T) {
	out, err := body.NewOut(t.Context(), strings.NewReader("01234"), func() error { return nil }, 10, 2, -1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out); string(got) != "234" || err != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", got, err)
	}
}
