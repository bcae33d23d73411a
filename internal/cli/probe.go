package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/media/inspect"
)

// A probe is bytes that a server must not have.
type probe struct {
	what  string
	bytes []byte
}

const (
	probeSize  = 32 // of a piece of a file: by chance, two files share none
	probeCount = 12 // from each file
	leastText  = 8  // a shorter value may stand anywhere by chance
)

// newProbes returns what to look for: pieces of the photo before and after, what it told, and these texts.
func newProbes(photo *input, stripped *media.File, texts ...string) []probe {
	probes := append(pieces("the photo", photo, photo.size), pieces("the clean photo", stripped, stripped.Size())...)
	tags, _ := inspect.Read(photo, photo.size) // what was read before an error is worth looking for
	for _, t := range tags {
		texts = append(texts, t.Value)
	}
	for _, s := range texts {
		if len(s) >= leastText {
			probes = append(probes, probe{fmt.Sprintf("%q", s), []byte(s)})
		}
	}
	return probes
}

// pieces returns pieces from all over a file, but none that could stand anywhere, such as zeros.
func pieces(what string, r io.ReaderAt, size int64) []probe {
	var probes []probe
	for i := range int64(probeCount) {
		b := make([]byte, probeSize)
		if n, _ := r.ReadAt(b, size*i/probeCount); n == probeSize && varied(b) {
			probes = append(probes, probe{fmt.Sprintf("a piece of %s", what), b})
		}
	}
	return probes
}

// varied reports whether b has enough different bytes to be unmistakable.
func varied(b []byte) bool {
	seen := make(map[byte]bool)
	for _, c := range b {
		seen[c] = true
	}
	return len(seen) >= probeSize/2
}

// searchFolder looks for probes in every file below dir. It returns what it found, and how many files there are.
func searchFolder(dir string, probes []probe) (found []string, files int, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while we looked
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		return searchFile(path, probes, &found)
	})
	return found, files, err
}

const searchWindow = 1 << 20

func searchFile(path string, probes []probe, found *[]string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	longest := 0
	for _, p := range probes {
		longest = max(longest, len(p.bytes))
	}
	buf := make([]byte, searchWindow+longest)
	for off := int64(0); ; off += searchWindow { // windows overlap by the longest probe
		n, err := f.ReadAt(buf, off)
		for _, p := range probes {
			if bytes.Contains(buf[:n], p.bytes) {
				*found = append(*found, p.what+" in "+filepath.Base(path))
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
