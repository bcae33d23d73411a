package keyring

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// A store is where the files of a ring are. What it has done is durable when it returns nil.
type store interface {
	// open opens a file for reading. The error matches [fs.ErrNotExist] if there is none.
	open(name string) (io.ReadCloser, error)

	// append cuts a file to size, which it has or exceeds, and adds b. It makes the file if size is 0. After an error
	// any part of b may be there.
	append(name string, size int64, b []byte) error

	// replace gives a file new content. A crash leaves the old or the new; after an error it is one of them.
	replace(name string, b []byte) error

	// remove removes files. One that is not there is fine.
	remove(names ...string) error

	// list returns the names of all files.
	list() ([]string, error)

	// path returns what people call a file.
	path(name string) string
}

// memory is a store of which nothing is on a disk.
type memory map[string][]byte

func (m memory) open(name string) (io.ReadCloser, error) {
	b, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m memory) append(name string, size int64, b []byte) error {
	m[name] = append(m[name][:size], b...)
	return nil
}

func (m memory) replace(name string, b []byte) error {
	m[name] = bytes.Clone(b)
	return nil
}

func (m memory) remove(names ...string) error {
	for _, name := range names {
		delete(m, name)
	}
	return nil
}

func (m memory) list() ([]string, error) { return slices.Sorted(maps.Keys(m)), nil }

func (m memory) path(name string) string { return name }
