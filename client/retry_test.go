package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// tries calls c.retry with something that fails in the same way each time, and returns when it was tried, from the
// beginning on.
func tries(ctx context.Context, c *Client, failure error) (at []time.Duration, err error) {
	begin := time.Now()
	err = c.retry(ctx, func() error {
		at = append(at, time.Since(begin))
		return failure
	})
	return at, err
}

var errOffline = &transportError{err: errors.New("offline")}

func TestPausesDoubleWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, err := tries(t.Context(), new(Client), errOffline)
		if !errors.Is(err, errOffline) {
			t.Errorf("after the last try the error is %v", err)
		}
		if last := at[len(at)-1]; last > defaultRetry || last < defaultRetry-15*time.Second {
			t.Errorf("the last try was after %v, of %v", last, defaultRetry)
		}
		for i, pause := 1, firstPause; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < pause/2 || gap >= pause*3/2 {
				t.Errorf("pause %d was %v, not about %v", i, gap, pause)
			}
			pause = min(2*pause, lastPause)
		}
	})
}

func TestPausesAreDrawnAtRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := make(map[time.Duration]bool)
		for range 20 {
			at, _ := tries(t.Context(), new(Client), errOffline)
			first[at[1]] = true
		}
		if len(first) < 15 {
			t.Errorf("20 clients that fail together come back at %d different times", len(first))
		}
	})
}

func TestPatience(t *testing.T) {
	for _, row := range []struct {
		name  string
		retry time.Duration
		least int
		most  int
	}{
		{"negative is one try", -1, 1, 1},
		{"a second is a few", time.Second, 2, 5},
		{"a minute is more", time.Minute, 8, 20},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at, _ := tries(t.Context(), &Client{Retry: row.retry}, errOffline)
				if len(at) < row.least || len(at) > row.most {
					t.Errorf("%d tries, not %d to %d", len(at), row.least, row.most)
				}
				if last := at[len(at)-1]; row.retry > 0 && last > row.retry {
					t.Errorf("a try after %v", last)
				}
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	busy := func(after time.Duration) error {
		return &refusal{problem: *wire.NewProblem(wire.CodeRateLimit, ""), after: after}
	}
	synctest.Test(t, func(t *testing.T) {
		at, _ := tries(t.Context(), new(Client), busy(35*time.Second))
		if len(at) != 4 { // at 0, 35, 70 and 105 seconds
			t.Errorf("asked to wait for 35 seconds each time, it tried at %v", at)
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < 35*time.Second {
				t.Errorf("asked to wait for 35 seconds, it waited %v", gap)
			}
		}
		begin := time.Now()
		if at, _ := tries(t.Context(), new(Client), busy(time.Hour)); len(at) != 1 || time.Since(begin) > time.Second {
			t.Errorf("asked to wait for longer than it has patience, it tried %d times in %v", len(at), time.Since(begin))
		}
	})
}

func TestRetryAfterField(t *testing.T) {
	for _, row := range []struct {
		field string
		want  time.Duration
	}{
		{"", 0},
		{"7", 7 * time.Second},
		{"0", 0},
		{"-7", 0},
		{"3601", 0},
		{"99999999999999999999", 0},
		{"Wed, 21 Oct 2026 07:28:00 GMT", 0},
	} {
		if got := parseRetryAfter(row.field); got != row.want {
			t.Errorf("%q is %v, not %v", row.field, got, row.want)
		}
	}
}

// TestWhatIsTriedAgain goes through all codes: those that to try again does not help with are tried once.
func TestWhatIsTriedAgain(t *testing.T) {
	again := map[wire.Code]bool{
		wire.CodeUnavailable: true, wire.CodeRateLimit: true, wire.CodeInternal: true, wire.CodeDigest: true, wire.CodeLength: true,
	}
	for _, code := range []wire.Code{
		wire.CodeBadRequest, wire.CodeVersion, wire.CodeLength, wire.CodeSignature, wire.CodeClockSkew, wire.CodeInvite,
		wire.CodeTicket, wire.CodeGone, wire.CodeNoPath, wire.CodeMethod, wire.CodeConflict, wire.CodeIncomplete,
		wire.CodeTooLarge, wire.CodeDigest, wire.CodeQuota, wire.CodeMailboxFull, wire.CodeRateLimit, wire.CodeBlocked,
		wire.CodeInternal, wire.CodeUnavailable, wire.CodeStorageFull,
	} {
		synctest.Test(t, func(t *testing.T) {
			at, _ := tries(t.Context(), new(Client), &refusal{problem: *wire.NewProblem(code, "")})
			if (len(at) > 1) != again[code] {
				t.Errorf("%s: %d tries", code, len(at))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		for _, err := range []error{ErrTampered, ErrServerKey, ErrInsecure, errors.New("anything else")} {
			if at, _ := tries(t.Context(), new(Client), err); len(at) != 1 {
				t.Errorf("%v: %d tries", err, len(at))
			}
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := tries(ctx, new(Client), errOffline); err == nil {
			t.Error("there was no error")
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("cancelled after 3 seconds, it ended after %v", took)
		}
	})
}

// TestPagesOfProxiesAreJudgedByTheirStatus has answers that no Mayfly server wrote.
func TestPagesOfProxiesAreJudgedByTheirStatus(t *testing.T) {
	r := &remote{c: new(Client)}
	for _, row := range []struct {
		status int
		body   string
		want   wire.Code
	}{
		{502, "<html>Bad Gateway</html>", wire.CodeUnavailable},
		{503, "", wire.CodeUnavailable},
		{504, "{}", wire.CodeUnavailable},
		{429, "slow down", wire.CodeRateLimit},
		{413, "<html>", wire.CodeTooLarge},
		{404, "<html>", wire.CodeBadRequest}, // not gone: only the server may say that
		{301, "", wire.CodeBadRequest},
	} {
		if got := code(r.refused(&Response{Status: row.status, Body: []byte(row.body)})); got != row.want {
			t.Errorf("%d %q is %s, not %s", row.status, row.body, got, row.want)
		}
	}
}
