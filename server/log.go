package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// loggable lists the attributes that may reach the log, all of them. What is not here is dropped, at every level. None
// of them holds anything that a client chose, that names a thing or a person, or that opens something: no addresses,
// ids, paths, tokens, names or user agents.
var loggable = []string{
	"method", // of a request, if HTTP knows it
	"route",  // the template of the path, never the path
	"status", // of the answer
	"bytes",  // of the answer, as a range
	"took",   // how long, as a range
	"what",   // a name that stands in this package's code
	"why",    // see [reason]
	"where",  // functions and lines of this program
	"count",  // how many
}

// An allowlist is a handler that lets nothing through but the attributes of [loggable], and of those no values but
// strings, numbers and booleans, since the text of any other could say anything.
type allowlist struct{ next slog.Handler }

func (a allowlist) Enabled(ctx context.Context, level slog.Level) bool {
	return a.next.Enabled(ctx, level)
}

func (a allowlist) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, 0)
	r.Attrs(func(attr slog.Attr) bool {
		if mayLog(attr) {
			out.AddAttrs(attr)
		}
		return true
	})
	return a.next.Handle(ctx, out)
}

func (a allowlist) WithAttrs(attrs []slog.Attr) slog.Handler {
	attrs = slices.DeleteFunc(slices.Clone(attrs), func(attr slog.Attr) bool { return !mayLog(attr) })
	return allowlist{a.next.WithAttrs(attrs)}
}

// WithGroup ignores the group: an attribute is allowed by its own name.
func (a allowlist) WithGroup(string) slog.Handler { return a }

func mayLog(attr slog.Attr) bool {
	switch attr.Value.Kind() {
	case slog.KindString, slog.KindInt64, slog.KindBool:
		return slices.Contains(loggable, attr.Key)
	}
	return false
}

// A logger writes the lines that this package writes. There are no others.
type logger struct{ to *slog.Logger }

func newLogger(to *slog.Logger) logger { return logger{slog.New(allowlist{to.Handler()})} }

// request logs one request.
func (l logger) request(method, route string, status int, bytes int64, took time.Duration) {
	l.to.Info("request", "method", method, "route", route, "status", status,
		"bytes", byteRange(bytes), "took", timeRange(took))
}

// trouble logs that something failed that should not.
func (l logger) trouble(what string, err error) {
	l.to.Warn("trouble", "what", what, "why", reason(err))
}

// cut logs that an answer ended early. Mostly the client went away.
func (l logger) cut(err error) { l.to.Debug("cut", "why", reason(err)) }

// note logs that something was done a number of times.
func (l logger) note(what string, count int) { l.to.Info("note", "what", what, "count", count) }

// crash logs a panic: where, and of which type its value is. The value itself may be made of a request.
func (l logger) crash(v any) { l.to.Error("crash", "why", fmt.Sprintf("%T", v), "where", callers()) }

// callers returns the functions that are under way, innermost first, without their arguments.
func callers() string {
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s:%d ", f.Function, f.Line)
		if !more {
			return strings.TrimSpace(b.String())
		}
	}
}

// reason says why in words that are known beforehand. The text of an error may name an object, a host or a path.
func reason(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return "sqlstate " + e.SQLState()
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded,
		storage.ErrNotExist, storage.ErrSize, storage.ErrFull, storage.ErrKey, storage.ErrRange,
		errForeign, errMarker, errRestored, errMany,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return typeOf(err)
}

// typeOf returns the type of the innermost error of err.
func typeOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return fmt.Sprintf("%T", err)
		}
		err = next
	}
}

// methodName returns method if HTTP knows it: anything else is of the client's choice.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func byteRange(n int64) string {
	for _, limit := range []int64{0, 4 << 10, 64 << 10, 1 << 20} {
		if n <= limit {
			return fmt.Sprintf("<=%d", limit)
		}
	}
	return "more"
}

func timeRange(d time.Duration) string {
	for _, limit := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second} {
		if d <= limit {
			return "<=" + limit.String()
		}
	}
	return "more"
}
