package cobblestone

import (
	"errors"
	"strings"
	"syscall/js"
	"testing"
)

func newTestCipher() (*Cipher, error) {
	return New(AES256, make([]byte, 32), [SaltSize]byte{}, nil)
}

func TestAPageThatHasNotLoadedTheScriptIsRefused(t *testing.T) {
	host := js.Global().Get("mayflyCrypto")
	js.Global().Delete("mayflyCrypto")
	defer js.Global().Set("mayflyCrypto", host)
	if _, err := newTestCipher(); !errors.Is(err, ErrNoWebCrypto) {
		t.Errorf("error %v, want %v", err, ErrNoWebCrypto)
	}
}

func TestAPageThatIsNoSecureContextIsRefused(t *testing.T) {
	defer replace("crypto", map[string]any{})()
	if _, err := newTestCipher(); !errors.Is(err, ErrNoWebCrypto) {
		t.Errorf("error %v, want %v", err, ErrNoWebCrypto)
	}
}

func TestAFaultOfThePageIsNotTakenForAForgery(t *testing.T) {
	c, err := newTestCipher()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := c.Seal(nil, 0, make([]byte, 100), true)
	if err != nil {
		t.Fatal(err)
	}
	broken := js.Global().Get("Function").New("return Promise.reject(new TypeError('out of order'))")
	defer replace("crypto", map[string]any{"subtle": map[string]any{"encrypt": broken, "decrypt": broken}})()
	if _, err := c.Open(nil, 0, sealed, true); err == nil || errors.Is(err, ErrAuth) || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("opened with error %v", err)
	}
	if _, err := c.Seal(nil, 0, nil, true); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("sealed with error %v", err)
	}
}

func TestAScriptThatReturnsTooLittleIsRefused(t *testing.T) {
	c, err := newTestCipher()
	if err != nil {
		t.Fatal(err)
	}
	little := js.Global().Get("Function").New("return Promise.resolve(new Uint8Array(3))")
	c.gcm.host = js.ValueOf(map[string]any{"sealChunks": little})
	if _, err := c.Seal(nil, 0, nil, true); err == nil {
		t.Error("3 bytes pass for 16")
	}
}

// replace puts value in the place of a global object and returns a function that puts it back.
func replace(name string, value any) (restore func()) {
	object := js.Global().Get("Object")
	old := object.Call("getOwnPropertyDescriptor", js.Global(), name)
	object.Call("defineProperty", js.Global(), name, map[string]any{"value": value, "configurable": true, "writable": true})
	return func() { object.Call("defineProperty", js.Global(), name, old) }
}
