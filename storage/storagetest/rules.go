// Package storagetest tells whether a Store keeps the promises of package storage.
//
// It needs nothing of a test: the tests of every Store run its rules, and so does an administrator on the bucket
// that is to be used.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// maxPrefixLen leaves room in a key for what rules put behind the prefix.
const maxPrefixLen = storage.MaxKeyLen - 24

// cleanupTime is how long a rule that is over may take to remove what it put.
const cleanupTime = time.Minute

// A Rule is a promise that every Store gives.
type Rule struct {
	Name  string // a sentence that is true if the rule holds
	check func(ctx context.Context, t *trial) error
}

// Check returns nil if s keeps the rule. It uses new keys below prefix, which is at most 40 bytes
// long, and deletes their objects again. Rules may be checked at the same time.
func (r Rule) Check(ctx context.Context, s storage.Store, prefix string) error {
	if !storage.ValidKey(prefix) || len(prefix) > maxPrefixLen {
		return storage.ErrKey
	}
	t := &trial{Store: s, prefix: fmt.Sprintf("%s/%06x/", prefix, rand.IntN(1<<24))}
	err := r.check(ctx, t)
	return errors.Join(err, t.cleanUp(ctx))
}

// Check checks all [Rules] one after the other and returns every one that is broken, joined.
func Check(ctx context.Context, s storage.Store, prefix string) error {
	var errs []error
	for _, rule := range Rules {
		if err := rule.Check(ctx, s, prefix); err != nil {
			errs = append(errs, fmt.Errorf("storagetest: broken: %s: %w", rule.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Rules are the promises of [storage.Store].
var Rules = []Rule{
	{"an object reads as it was put, from 1 byte to the largest", putSizes},
	{"a part of an object reads as it was put, and tells the size of the whole", getRanges},
	{"a range outside the object is ErrRange", getOutside},
	{"a missing object is ErrNotExist from Get itself", getMissing},
	{"a size that no object has is ErrSize", putImpossibleSizes},
	{"a reader that ends early is ErrSize", putShort},
	{"a reader that goes on is ErrSize", putLong},
	{"an error of the reader, even at its end, is an error of Put", putFailing},
	{"Put does not read on after it has returned", putStopsReading},
	{"a cancelled context is an error everywhere", cancelled},
	{"a Put that is cancelled on its way is an error", putCancelled},
	{"a Get that is cancelled on its way is an error", getCancelled},
	{"a reader whose object is deleted gives its bytes or an error", getDeleted},
	{"what is deleted is gone, and what was never there is no error", deleteSome},
	{"2,500 keys are deleted at once", deleteMany},
	{"a list is whole and in order past a thousand objects", listMany},
	{"a list is exact in its prefix and tells the sizes", listPrefix},
	{"a list that is left early does no harm", listLeft},
	{"the time of an object is when it was put", listTimes},
	{"a malformed key or prefix is ErrKey everywhere", malformedKeys},
	{"many writers and readers of different keys do not disturb each other", concurrent},
	{"an error does not tell the key", errorsWithoutKeys},
}
