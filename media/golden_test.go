package media

import (
	"crypto/sha256"
	"fmt"
	"os"
	"testing"
)

// TestGoldenFiles holds Strip to the same bytes on every machine, natively and in the
// browser, and in every later version: who stripped a file twice must not see two results.
// The files in testdata are those of the sample package. Of the PNGs with a profile the
// result also depends on compress/zlib.
func TestGoldenFiles(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"anim.gif", "2ff1c9e3bb29f15845f5750984d95b034d16b379a65bae384d846d3d0b53c156"},
		{"anim.png", "b3c665832defb094070fce558a958a3d8219dd49c906692f1669af7bdd8a2108"},
		{"anim.webp", "703cf4f75f2e965fc66254ead8ba18186931f5546d805181194dd6d96c8c86c3"},
		{"camera.jpg", "75afce98436c0d086058d1613bccc905107c412afd91ffceb78adf51ea96853b"},
		{"lossy.webp", "20b06e0aef648cec94c8621d4a4213498b2b482c5c50db93ac5f477e9aa27425"},
		{"picture.png", "d04c2bd9f3cb77b1f91539cdab4749a673f6642763931b0baef45de165322181"},
		{"old.mov", "2d2617aa3b53b329d77906181335237d1794d2b1064d0a46a1c6a5ae36c3eef0"},
		{"parts.mp4", "d37817171ecd63c3ee1dc367b9cbcca2a51f754073edc069211edbd1829bb927"},
		{"photo.heic", "e0bb166c23dc65b98576cfbb715ca361b1055447a04c9b8acdc74fd27076899b"},
		{"picture.avif", "eab2e692d343f78b4d7913a65a18bd580a72f47d259911e067e5b2a60e19eea9"},
		{"video.mp4", "e606f6c49efc455f6e13efdc58ef387c425bfdaf7af2a0db774e1a21f89246a7"},
		{"simple.webp", "05c1a8a623375ca214124f18dbe124f338ab7e17ec7f5d4fd697ef4ebfba3f2d"},
		{"upright.jpg", "c76613be3e1f20e8ff3f60f5630519d188eec039eb6e9e0e3d487caf160ea4b6"},
	} {
		b, err := os.ReadFile("testdata/" + test.file)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(strip(t, b, nil))); got != test.want {
			t.Errorf("%s: got %s, want %s", test.file, got, test.want)
		}
	}
}
