package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// An input is a file that a person named, opened for reading at any place.
type input struct {
	io.ReaderAt
	io.Closer
	name string // as the person named it
	size int64  // in bytes
}

// maxPiped is how much of a pipe is held in memory, since a pipe cannot be read at any place.
const maxPiped = 1 << 30

// openInput opens the file at path, or standard input where path is "-".
func (u *ui) openInput(path string) (*input, error) {
	if path == "-" {
		return u.openStdin()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := regular(f, path)
	if err != nil {
		f.Close()
	}
	return in, err
}

// regular returns f as an input, if it is a regular file.
func regular(f *os.File, name string) (*input, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, withHint(usagef("%s is a folder", name), "name the files in it, such as %s", name+string(os.PathSeparator)+"*")
	case !info.Mode().IsRegular():
		return nil, usagef("%s is not a file", name)
	}
	return &input{f, f, name, info.Size()}, nil
}

func (u *ui) openStdin() (*input, error) {
	const name = "standard input"
	if f, ok := u.env.Stdin.(*os.File); ok {
		if in, err := regular(f, name); err == nil {
			in.Closer = io.NopCloser(nil)
			return in, nil
		}
	}
	if talksTo(u.env.Stdin) {
		return nil, usagef("standard input is a terminal, not a file")
	}
	data, err := io.ReadAll(io.LimitReader(u.env.Stdin, maxPiped+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("standard input: %w", err)
	case len(data) > maxPiped:
		return nil, usagef("standard input holds more than %s, give it as a file", formatSize(maxPiped))
	}
	return &input{bytes.NewReader(data), io.NopCloser(nil), name, int64(len(data))}, nil
}

// wordOrStdin returns arg, or the first line of standard input where arg is "-". The thing that it is comes into
// error messages.
func (u *ui) wordOrStdin(arg, thing string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	if talksTo(u.env.Stdin) {
		line, err := u.ask(thing+": ", visible)
		return strings.TrimSpace(line), err
	}
	line, err := readLine(io.MultiReader(u.env.Stdin, strings.NewReader("\n")))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", usagef("standard input holds no %s", thing)
	}
	return line, nil
}
