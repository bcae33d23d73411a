package cli

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
)

func TestASearchFindsWhatIsThere(t *testing.T) {
	data := make([]byte, 3*searchWindow)
	rand.Read(data)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(off int) []byte { return data[off : off+probeSize] }
	for _, row := range []struct {
		name  string
		bytes []byte
		found int
	}{
		{"at the beginning", at(0), 1},
		{"in the middle", at(searchWindow / 2), 1},
		{"across two windows", at(searchWindow - probeSize/2), 1},
		{"at the end", at(len(data) - probeSize), 1},
		{"elsewhere", make([]byte, probeSize), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			found, files, err := searchFolder(dir, []probe{{row.name, row.bytes}})
			if err != nil || files != 1 || (len(found) > 0) != (row.found > 0) {
				t.Errorf("found %v in %d files, %v", found, files, err)
			}
		})
	}
}

func TestProbesAreUnmistakable(t *testing.T) {
	data := make([]byte, 64<<10) // zeros, and then noise
	rand.Read(data[32<<10:])
	got := pieces("a file", bytes.NewReader(data), int64(len(data)))
	if len(got) < probeCount/2-1 || len(got) > probeCount/2 {
		t.Errorf("there are %d pieces of a file that is half zeros", len(got))
	}
	for _, p := range got {
		if !bytes.Contains(data, p.bytes) || bytes.Contains(data[:32<<10], p.bytes) {
			t.Errorf("%x is no piece, or could stand anywhere", p.bytes)
		}
	}
}
