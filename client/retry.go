package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Bounds of the pause between two tries.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
)

const (
	defaultRetry = 2 * time.Minute  // how long a call goes on trying where [Client.Retry] is zero
	helloRetry   = 3 * time.Second  // and how long, at most, the first call to a server
	helloTime    = 20 * time.Second // how long one such call may take
)

// patience returns how long a call goes on trying.
func (c *Client) patience() time.Duration {
	if c.Retry == 0 {
		return defaultRetry
	}
	return c.Retry
}

// retry calls try until it succeeds, fails for good, or has failed for too long.
func (c *Client) retry(ctx context.Context, try func() error) error {
	return c.retryFor(ctx, c.patience(), try)
}

// retryFor is retry for as long as patience lasts. The pauses double and are drawn at random, so that clients which
// failed together do not come back together.
func (c *Client) retryFor(ctx context.Context, patience time.Duration, try func() error) error {
	deadline := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := try()
		if err == nil || ctx.Err() != nil || !worthRetrying(err) {
			return err
		}
		wait := pause/2 + rand.N(pause)
		if asked := retryAfter(err); asked > wait {
			wait = asked
		}
		if time.Now().Add(wait).After(deadline) {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A transportError says that there was no whole answer, so that it is not known whether the server did what it was
// asked. All requests may be repeated.
type transportError struct {
	err     error
	partial *Response // what came of the answer, or nil
}

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// A refusal is an answer that is not a success.
type refusal struct {
	problem wire.Problem
	after   time.Duration // what Retry-After asked for
}

func (e *refusal) Error() string { return e.problem.Error() }

// Is makes a refusal match the sentinel that users of this package know its code by.
func (e *refusal) Is(target error) bool {
	sentinel, ok := sentinels[e.problem.Code]
	return ok && sentinel == target
}

// sentinels maps codes to the errors of this package.
var sentinels = map[wire.Code]error{
	wire.CodeGone: ErrGone, wire.CodeBlocked: ErrGone,
	wire.CodeQuota: ErrQuota, wire.CodeMailboxFull: ErrQuota, wire.CodeStorageFull: ErrQuota,
	wire.CodeInvite: ErrInvite, wire.CodeTooLarge: ErrTooLarge,
}

// code returns the code of a refusal, or none.
func code(err error) wire.Code {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.problem.Code
	}
	return ""
}

func worthRetrying(err error) bool {
	if _, ok := errors.AsType[*transportError](err); ok {
		return true
	}
	switch code(err) {
	case wire.CodeUnavailable, wire.CodeRateLimit, wire.CodeInternal, wire.CodeDigest, wire.CodeLength:
		return true // the last two: the body was damaged or cut on the way
	}
	return false
}

func retryAfter(err error) time.Duration {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.after
	}
	return 0
}

func parseRetryAfter(field string) time.Duration {
	seconds, err := strconv.Atoi(field)
	if err != nil || seconds < 0 || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
