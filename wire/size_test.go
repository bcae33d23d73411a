package wire_test

import (
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestSizesAgree(t *testing.T) {
	for _, n := range []int64{
		0, 1, 16383, 16384, 16385, 18432, 18433, 1 << 20, 1<<20 + 1, 5<<20 - 7, 64 << 20, 64<<20 + 1, 1<<30 + 12345, wire.MaxFileSize,
	} {
		p := wire.PaddedSize(n)
		if p < n || p < wire.ChunkSize || wire.PaddedSize(p) != p || float64(p) > 1.125*float64(max(n, wire.ChunkSize)) {
			t.Errorf("PaddedSize(%d) = %d", n, p)
		}
		size := wire.BlobSize(p)
		if got, ok := wire.PlainSize(size); !ok || got != p {
			t.Errorf("PlainSize(BlobSize(%d)) = %d, %v", p, got, ok)
		}
		for _, s := range []int{wire.MinPartSize, wire.DefaultPartSize(p), wire.MaxPartSize} {
			checkParts(t, size, s)
		}
	}
}

// checkParts checks that the parts of a blob follow each other without a gap, to its end.
func checkParts(t *testing.T, size int64, s int) {
	t.Helper()
	var end int64
	for i := range wire.Parts(size, s) {
		off, n := wire.PartRange(size, s, i)
		if off != end || n < 1 || n > int64(s) {
			t.Fatalf("part %d of %d by %d is [%d, +%d), after %d", i, size, s, off, n, end)
		}
		end = off + n
	}
	if end != size {
		t.Fatalf("the parts of %d by %d end at %d", size, s, end)
	}
}

func TestPlainSizeRefusesWhatNoFileGives(t *testing.T) {
	valid := map[int64]bool{}
	for n := int64(0); n < 200<<10; n++ {
		valid[wire.BlobSize(wire.PaddedSize(n))] = true
	}
	for size := int64(-1); size < 190<<10; size++ {
		if _, ok := wire.PlainSize(size); ok != valid[size] {
			t.Fatalf("PlainSize(%d) is %v, want %v", size, ok, valid[size])
		}
	}
	if _, ok := wire.PlainSize(wire.BlobSize(wire.PaddedSize(wire.MaxFileSize + 1))); ok {
		t.Error("a blob of more than the longest file is accepted")
	}
}

func TestDefaultPartSizeIsValidForEveryFile(t *testing.T) {
	for n := int64(1); n <= wire.MaxFileSize; n *= 2 {
		p := wire.PaddedSize(n)
		if size := wire.BlobSize(p); !wire.ValidPartSize(wire.DefaultPartSize(p), size) {
			t.Errorf("a file of %d bytes has a default part size of %d", n, wire.DefaultPartSize(p))
		}
	}
}
