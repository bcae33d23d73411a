package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/internal/body"
)

// Put implements [storage.Store].
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	in, err := body.NewIn(ctx, key, r, size)
	if err != nil {
		return err
	}
	lent := &lentReader{r: in}
	_, err = s.client.Client.PutObject(ctx, s.bucket, s.prefix+key, lent, size, minio.PutObjectOptions{
		ContentType:      "application/octet-stream",
		DisableMultipart: true,
	})
	lent.takeBack()
	switch {
	case in.Err() != nil: // whatever the service made of it
		return fmt.Errorf("s3: put: %w", in.Err())
	case err == nil && !in.Whole():
		return errors.New("s3: put: the service answered before it had all bytes")
	}
	return wrap("put", err)
}

// A lentReader can be taken back from an HTTP transport, which may go on reading a request's body
// after it has returned the answer.
type lentReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lentReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.r == nil {
		return 0, errors.New("s3: the request is over")
	}
	return l.r.Read(p)
}

// takeBack returns when nobody reads any more.
func (l *lentReader) takeBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.r = nil
}

// Get implements [storage.Store] in one request.
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
	if !storage.ValidKey(key) {
		return nil, 0, storage.ErrKey
	}
	if off < 0 || n == 0 {
		return nil, 0, storage.ErrRange
	}
	var options minio.GetObjectOptions
	if off > 0 || n > 0 {
		options.Set("Range", rangeHeader(off, n))
	}
	r, info, header, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, options)
	if err != nil {
		return nil, 0, wrap("get", err)
	}
	size, err := wholeSize(info.Size, header.Get("Content-Range"))
	if err == nil {
		err = checkLength(info.Size, size, off, n)
	}
	if err != nil {
		r.Close()
		return nil, 0, err
	}
	return r, size, nil
}

func rangeHeader(off, n int64) string {
	if n < 0 || n > math.MaxInt64-off {
		return fmt.Sprintf("bytes=%d-", off)
	}
	return fmt.Sprintf("bytes=%d-%d", off, off+n-1)
}

// wholeSize returns the size of an object from the headers of an answer with length bytes.
func wholeSize(length int64, contentRange string) (int64, error) {
	if contentRange == "" {
		return length, nil
	}
	_, whole, _ := strings.Cut(contentRange, "/")
	size, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, errors.New("s3: get: the service does not tell the size of the object")
	}
	return size, nil
}

// checkLength refuses an answer that is not the range that was asked for. That its body has this length
// is seen to by package net/http.
func checkLength(length, size, off, n int64) error {
	want, err := body.Clip(size, off, n)
	if err != nil {
		return err
	}
	if length != want {
		return fmt.Errorf("s3: get: asked for %d bytes, the service sends %d", want, length)
	}
	return nil
}

// deleteBatch is how many keys a request for deletion takes.
const deleteBatch = 1000

// Delete implements [storage.Store].
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	failed := make(map[string]error)
	var valid []string
	for _, key := range keys {
		if storage.ValidKey(key) {
			valid = append(valid, key)
		} else {
			failed[key] = storage.ErrKey
		}
	}
	for batch := range slices.Chunk(valid, deleteBatch) {
		if len(batch) == 1 {
			s.deleteOne(ctx, batch[0], failed)
		} else {
			s.deleteBatch(ctx, batch, failed)
		}
	}
	return storage.NewDeleteError(failed)
}

func (s *Store) deleteOne(ctx context.Context, key string, failed map[string]error) {
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err := wrap("delete", err); err != nil && !errors.Is(err, storage.ErrNotExist) {
		failed[key] = err
	}
}

var errUnconfirmed = errors.New("s3: delete: the service did not confirm it")

// deleteBatch believes in the deletion of what the service confirms, and in no other.
func (s *Store) deleteBatch(ctx context.Context, keys []string, failed map[string]error) {
	for _, key := range keys {
		failed[key] = errUnconfirmed
	}
	results, err := s.client.RemoveObjectsWithIter(ctx, s.bucket, s.named(keys), minio.RemoveObjectsOptions{})
	if err == nil {
		for result := range results {
			s.note(result, failed)
		}
		err = ctx.Err()
	}
	for _, key := range keys {
		if failed[key] == errUnconfirmed && err != nil {
			failed[key] = wrap("delete", err)
		}
	}
}

func (s *Store) note(result minio.RemoveObjectResult, failed map[string]error) {
	key := strings.TrimPrefix(result.ObjectName, s.prefix)
	err := wrap("delete", result.Err)
	if err == nil || errors.Is(err, storage.ErrNotExist) {
		delete(failed, key)
	} else {
		failed[key] = err
	}
}

// named returns keys as package minio wants them.
func (s *Store) named(keys []string) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		for _, key := range keys {
			if !yield(minio.ObjectInfo{Key: s.prefix + key}) {
				return
			}
		}
	}
}

// List implements [storage.Store], a thousand objects per request.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if !storage.ValidPrefix(prefix) {
			yield(storage.Object{}, storage.ErrKey)
			return
		}
		last := ""
		for info := range s.client.ListObjectsIter(ctx, s.bucket, s.listOptions(prefix)) {
			o, err := s.object(info, last)
			if err == nil && !storage.ValidKey(o.Key) {
				continue
			}
			if !yield(o, err) || err != nil {
				return
			}
			last = o.Key
		}
		// Package minio ends a list that was cancelled as if it were whole.
		if err := ctx.Err(); err != nil {
			yield(storage.Object{}, wrap("list", err))
		}
	}
}

func (s *Store) listOptions(prefix string) minio.ListObjectsOptions {
	return minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, FetchOwner: new(bool)}
}

// object refuses a listing that is not in order, as some services have it for some buckets.
func (s *Store) object(info minio.ObjectInfo, last string) (storage.Object, error) {
	if info.Err != nil {
		return storage.Object{}, wrap("list", info.Err)
	}
	key, ok := strings.CutPrefix(info.Key, s.prefix)
	if !ok || key <= last && storage.ValidKey(key) {
		return storage.Object{}, errors.New("s3: list: the service does not list in the order of keys")
	}
	return storage.Object{Key: key, Size: info.Size, ModTime: info.LastModified}, nil
}
