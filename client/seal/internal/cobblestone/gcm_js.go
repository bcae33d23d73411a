package cobblestone

import (
	"fmt"
	"syscall/js"
)

// gcm is AES-GCM under one key, with nonces that count from a base. The page's webcrypto.js cuts a run into chunks and
// has WebCrypto seal or open them all, so that a run costs one call. What its functions are given and return is said
// there. All of this waits for promises, and so must not be called on the goroutine of a callback from JavaScript.
type gcm struct {
	host js.Value // globalThis.mayflyCrypto
	key  js.Value // a CryptoKey that cannot be extracted
	base js.Value
}

func newGCM(key []byte, base [nonceSize]byte) (*gcm, error) {
	host := js.Global().Get("mayflyCrypto")
	if !host.Truthy() || !host.Call("available").Bool() {
		return nil, ErrNoWebCrypto
	}
	imported, err := await(host.Call("importKey", bytesToJS(key)))
	if err != nil {
		return nil, err
	}
	return &gcm{host, imported, bytesToJS(base[:])}, nil
}

// seal fills out with chunks. How long they are follows from the length of out.
func (g *gcm) seal(out []byte, first uint64, plain []byte) error {
	sealed, err := await(g.host.Call("sealChunks", g.key, g.base, first, bytesToJS(plain), len(out)))
	if err != nil {
		return err
	}
	return bytesToGo(out, sealed)
}

// open fills out with what the chunks hold.
func (g *gcm) open(out []byte, first uint64, sealed []byte) error {
	plain, err := await(g.host.Call("openChunks", g.key, g.base, first, bytesToJS(sealed), len(out)))
	if err != nil {
		return err
	}
	if plain.IsNull() {
		return ErrAuth
	}
	return bytesToGo(out, plain)
}

func bytesToJS(b []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}

func bytesToGo(dst []byte, array js.Value) error {
	if n := array.Length(); n != len(dst) {
		return fmt.Errorf("cobblestone: webcrypto.js returned %d bytes instead of %d", n, len(dst))
	}
	js.CopyBytesToGo(dst, array)
	return nil
}

// await waits for a promise.
func await(promise js.Value) (js.Value, error) {
	kept, broken := make(chan js.Value, 1), make(chan js.Value, 1)
	resolve, reject := sendTo(kept), sendTo(broken)
	defer resolve.Release()
	defer reject.Release()
	promise.Call("then", resolve, reject)
	select {
	case value := <-kept:
		return value, nil
	case reason := <-broken:
		return js.Undefined(), fmt.Errorf("cobblestone: WebCrypto: %s", js.Global().Call("String", reason))
	}
}

// sendTo returns a callback that sends its argument to c.
func sendTo(c chan<- js.Value) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		c <- args[0]
		return nil
	})
}
