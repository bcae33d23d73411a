//go:build js

package client

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"
)

// defaultTransport is what a [Client] without a Transport uses.
var defaultTransport Transport = FetchTransport{}

// FetchTransport is a [Transport] over the host's fetch. It cannot choose connections, so that a server may see
// signed and other requests arrive over the same one.
type FetchTransport struct{}

// Do implements [Transport].
func (FetchTransport) Do(ctx context.Context, req *Request) (*Response, error) {
	abort := js.Global().Get("AbortController").New()
	defer context.AfterFunc(ctx, func() { abort.Call("abort") })()
	defer abort.Call("abort") // what was not read of the answer
	answer, err := await(ctx, js.Global().Call("fetch", req.URL, fetchInit(req, abort)))
	if err != nil {
		return nil, err
	}
	resp := &Response{Status: answer.Get("status").Int(), Header: responseHeader(answer.Get("headers"))}
	resp.Body, err = readAnswer(ctx, answer, req.MaxBody)
	return resp, err
}

// readAnswer reads a body of at most limit bytes, piece by piece, so that what a longer one has takes no memory.
func readAnswer(ctx context.Context, answer js.Value, limit int64) (body []byte, err error) {
	stream := answer.Get("body")
	if !stream.Truthy() {
		return nil, nil // there is none
	}
	reader := stream.Call("getReader")
	for {
		piece, err := await(ctx, reader.Call("read"))
		if err != nil || piece.Get("done").Bool() {
			return body, err
		}
		at, n := len(body), piece.Get("value").Length()
		if int64(at+n) > limit {
			return body, fmt.Errorf("client: the answer has more than the %d bytes that were expected", limit)
		}
		body = append(body, make([]byte, n)...)
		js.CopyBytesToGo(body[at:], piece.Get("value"))
	}
}

func fetchInit(req *Request, abort js.Value) map[string]any {
	header := make(map[string]any, len(req.Header))
	for name, value := range req.Header {
		header[name] = value
	}
	init := map[string]any{
		"method": req.Method, "headers": header, "signal": abort.Get("signal"),
		"credentials": "omit", "cache": "no-store", "redirect": "error", "referrerPolicy": "no-referrer",
	}
	if len(req.Body) > 0 {
		body := js.Global().Get("Uint8Array").New(len(req.Body))
		js.CopyBytesToJS(body, req.Body)
		init["body"] = body
	}
	return init
}

func responseHeader(headers js.Value) map[string]string {
	header := make(map[string]string)
	each := js.FuncOf(func(_ js.Value, args []js.Value) any {
		header[args[1].String()] = args[0].String()
		return nil
	})
	defer each.Release()
	headers.Call("forEach", each)
	return header
}

// await waits for a promise.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	resolve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	reject := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{err: errors.New("client: " + args[0].Call("toString").String())}
		return nil
	})
	defer resolve.Release()
	defer reject.Release()
	promise.Call("then", resolve, reject)
	s := <-done // an abort rejects the promise, so that this ends when ctx does
	if ctx.Err() != nil {
		return js.Value{}, ctx.Err()
	}
	return s.value, s.err
}
