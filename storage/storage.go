// Package storage keeps opaque objects under keys.
//
// Objects are small, are written in one piece, and are never changed. A Store knows neither what an
// object is nor who may read it nor when it must go: all that is the caller's to remember.
//
// The promises below are few so that many things can keep them: a folder, memory, and every
// S3-compatible service. Package storagetest has them as a list of rules that can be run on any Store.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// MaxObjectSize is the length in bytes of the largest object that a Store takes.
	MaxObjectSize = 8 << 20

	// MaxKeyLen is the length in bytes of the longest key.
	MaxKeyLen = 64
)

// Errors that every Store wraps. No error of a Store tells a key in its text, so that it may be logged.
var (
	// ErrNotExist reports that there is no object under a key. A missing bucket or folder is another error.
	ErrNotExist = fs.ErrNotExist

	// ErrSize reports a size outside 1 … MaxObjectSize, or a reader that yields more or fewer bytes than its size.
	ErrSize = errors.New("storage: wrong size")

	// ErrRange reports an offset or a length that does not lie in the object.
	ErrRange = errors.New("storage: range outside the object")

	// ErrKey reports a key or prefix that no Store takes. See [ValidKey].
	ErrKey = errors.New("storage: malformed key")

	// ErrFull reports that the disk or the bucket's quota is full.
	ErrFull = errors.New("storage: no space left")
)

// A Store keeps objects under keys. Its methods may be called concurrently, also from several
// processes on the same folder or bucket.
type Store interface {
	// Put stores the size bytes of r under key; size is from 1 to [MaxObjectSize].
	//
	// It returns nil only when the object is whole and durable. It reads r to its end, and
	// an error of r is an error of Put: a reader that checks what passes may refuse it at the last moment.
	// After an error anything may stand under key, and whatever it is, the caller deletes it.
	// The caller never uses a key twice, nor one key as a folder of another.
	// Put does not read r after it has returned. It cannot interrupt a Read of r; that is up to r.
	Put(ctx context.Context, key string, r io.Reader, size int64) error

	// Get opens n bytes, from offset off, of the object under key, and returns the size of the
	// whole object, all in bytes. If n is negative, or more than there is, the range goes
	// to the end of the object. An empty range, or an off outside the object, is [ErrRange].
	//
	// A missing object is [ErrNotExist] from Get itself, never from the first Read. A read that
	// ends in io.EOF gave the whole range. Cancelling ctx ends the read. The caller closes r.
	Get(ctx context.Context, key string, off, n int64) (r io.ReadCloser, size int64, err error)

	// Delete removes the objects under keys, durably. A key with no object is no error.
	// If some cannot be removed, Delete still removes the others, and the error is a [*DeleteError].
	Delete(ctx context.Context, keys ...string) error

	// List yields the objects whose keys begin with prefix, in the order of their bytes.
	// It stops after yielding an error. What was put or deleted meanwhile may be listed or not.
	// What is in the bucket or folder under a name that is not a valid key is not listed.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
}

// An Object is what List tells of an object.
type Object struct {
	Key     string
	Size    int64     // in bytes
	ModTime time.Time // when it was put, by the store's clock
}

// A Warner is a Store that can tell what about its configuration stands against the promise that deleted
// objects are gone, such as a bucket that keeps old versions.
type Warner interface {
	// Warnings returns sentences for a person. None means that all is well.
	Warnings(ctx context.Context) ([]string, error)
}

// A DeleteError tells which keys could not be removed, and why. All other keys of that call were.
type DeleteError struct {
	Failed map[string]error // by key; never empty
}

// NewDeleteError returns the error of a Delete that failed for these keys: nil if there are none.
func NewDeleteError(failed map[string]error) error {
	if len(failed) == 0 {
		return nil
	}
	return &DeleteError{Failed: failed}
}

// Error tells how many keys failed and the first reason, and none of the keys.
func (e *DeleteError) Error() string {
	errs := e.Unwrap()
	if len(errs) == 1 {
		return errs[0].Error()
	}
	return fmt.Sprintf("storage: %d objects could not be deleted, the first because: %v", len(errs), errs[0])
}

// Unwrap returns the reasons in the order of their keys.
func (e *DeleteError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failed))
	for _, key := range slices.Sorted(maps.Keys(e.Failed)) {
		errs = append(errs, e.Failed[key])
	}
	return errs
}

// ValidKey reports whether every Store takes key: 1 to 64 bytes of a-z, 0-9 and '/', with no empty element.
// Since '/' is before all the others, the order of keys is also that of folders.
func ValidKey(key string) bool {
	if len(key) == 0 || len(key) > MaxKeyLen {
		return false
	}
	for element := range strings.SplitSeq(key, "/") {
		if element == "" || strings.IndexFunc(element, isForeign) >= 0 {
			return false
		}
	}
	return true
}

// ValidPrefix reports whether some valid key could begin with prefix, or be it.
func ValidPrefix(prefix string) bool {
	return ValidKey(prefix) || ValidKey(prefix+"0")
}

func isForeign(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
}
