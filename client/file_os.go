//go:build !js

package client

import (
	"fmt"
	"os"
	"time"
)

// OpenFile opens a file on disk to send. Its Name is left empty. The caller closes it once it is sent.
func OpenFile(path string) (File, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, nil, err
	}
	stat := func() (int64, time.Time, error) {
		// By name, not by handle: an editor may have put another file in its place.
		info, err := os.Stat(path)
		if err != nil {
			return 0, time.Time{}, err
		}
		if held, err := f.Stat(); err != nil || !os.SameFile(info, held) {
			return 0, time.Time{}, fmt.Errorf("%w: %s is another file now", ErrChanged, path)
		}
		return info.Size(), info.ModTime(), nil
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("client: %s is not a regular file", path)
	}
	if err != nil {
		f.Close()
		return File{}, nil, err
	}
	return File{Content: f, Size: info.Size(), ModTime: info.ModTime(), Stat: stat}, f, nil
}
