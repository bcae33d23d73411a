package seal_test

import (
	"go/build"
	"slices"
	"testing"
)

// AES in WebAssembly would leak its key through time, so the browser's build has none, and no other WebAssembly host
// has a build at all.
func TestTheBrowserHasNoAESButWebCrypto(t *testing.T) {
	for _, dir := range []string{".", "internal/cobblestone"} {
		host := build.Default
		host.GOOS, host.GOARCH = "js", "wasm"
		pkg, err := host.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range pkg.Imports {
			if path == "crypto/aes" || path == "crypto/cipher" {
				t.Errorf("%s imports %s in a browser", dir, path)
			}
		}
	}
	host := build.Default
	host.GOOS, host.GOARCH = "wasip1", "wasm"
	pkg, err := host.ImportDir("internal/cobblestone", 0)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(pkg.GoFiles, "gcm.go") || slices.Contains(pkg.GoFiles, "gcm_js.go") {
		t.Errorf("%v are built for wasip1", pkg.GoFiles)
	}
}
