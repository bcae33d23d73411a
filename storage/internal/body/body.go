// Package body checks the bytes on their way into a Store and out of it, the same way for every Store.
package body

import (
	"context"
	"io"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// In is the body of a Put. It yields exactly the bytes that were announced, or an error.
//
// The last of them are held back until the reader below has ended well. A Store that waits for all
// announced bytes can therefore not complete an object whose reader was short, long, or
// refused what it saw.
type In struct {
	ctx  context.Context
	r    io.Reader
	left int64
	err  error // sticky
}

// NewIn returns the size bytes of r, which are to stand under key. A key or a size that no object has
// is [storage.ErrKey] or [storage.ErrSize].
func NewIn(ctx context.Context, key string, r io.Reader, size int64) (*In, error) {
	if !storage.ValidKey(key) {
		return nil, storage.ErrKey
	}
	if size < 1 || size > storage.MaxObjectSize {
		return nil, storage.ErrSize
	}
	return &In{ctx: ctx, r: r, left: size}, nil
}

// Read reads from the reader below until that has failed, ended, or ctx is done.
func (in *In) Read(p []byte) (n int, err error) {
	if in.err == nil && in.ctx.Err() != nil {
		in.err = in.ctx.Err()
	}
	if in.err != nil || len(p) == 0 {
		return 0, in.err
	}
	n, err = in.r.Read(p[:min(int64(len(p)), in.left)])
	in.left -= int64(n)
	if in.left > 0 {
		in.err = early(err)
		return n, in.err
	}
	if in.err = in.atEnd(err); in.err != io.EOF {
		return 0, in.err // hold the last bytes back
	}
	return n, nil
}

// Err returns what was wrong with the reader below, or nil.
func (in *In) Err() error {
	if in.err == io.EOF {
		return nil
	}
	return in.err
}

// Whole reports whether the reader below was read to a good end.
func (in *In) Whole() bool { return in.err == io.EOF }

func early(err error) error {
	if err == io.EOF {
		return storage.ErrSize
	}
	return err
}

// atEnd returns io.EOF if the reader below has ended well after the last byte that was announced.
// The error err came with that byte.
func (in *In) atEnd(err error) error {
	if err != nil {
		return err
	}
	var more [1]byte
	n, err := io.ReadFull(in.r, more[:])
	if n > 0 {
		return storage.ErrSize
	}
	return err
}

// Clip returns how many of the size bytes of an object a Get of n from off yields.
func Clip(size, off, n int64) (int64, error) {
	if off < 0 || off >= size || n == 0 {
		return 0, storage.ErrRange
	}
	if rest := size - off; n < 0 || n > rest {
		return rest, nil
	}
	return n, nil
}

// Out is the body of a Get that is read from an [io.ReaderAt]. It ends with its ctx.
type Out struct {
	ctx      context.Context
	src      io.ReaderAt
	off, end int64
	close    func() error
}

// NewOut returns n bytes, from off, of the size bytes of src. Closing it calls closeSrc, once.
// If NewOut fails, src is still the caller's to close.
func NewOut(ctx context.Context, src io.ReaderAt, closeSrc func() error, size, off, n int64) (*Out, error) {
	n, err := Clip(size, off, n)
	if err != nil {
		return nil, err
	}
	return &Out{ctx, src, off, off + n, closeSrc}, nil
}

// Read reads the next bytes. An object that ends before its size is [io.ErrUnexpectedEOF].
func (out *Out) Read(p []byte) (int, error) {
	if err := out.ctx.Err(); err != nil {
		return 0, err
	}
	if out.off == out.end {
		return 0, io.EOF
	}
	n, err := out.src.ReadAt(p[:min(int64(len(p)), out.end-out.off)], out.off)
	out.off += int64(n)
	if err == io.EOF {
		err = nil
		if out.off < out.end && n == 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// Close releases the source.
func (out *Out) Close() error { return out.close() }
