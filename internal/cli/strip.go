package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/media/inspect"
)

const stripMore = `
Nothing is sent anywhere. OUT is a file, or a folder, where each file keeps its own name;
for several files it is a folder, which is made if there is none. "-" stands for standard
input and standard output. The picture itself stays as it is, bit for bit. What is taken
out is said on standard error. A file appears whole or not at all, and none is overwritten.
`

// stripCommand takes the metadata out of files.
type stripCommand struct {
	output string
}

func (c *stripCommand) settings() []setting {
	return []setting{
		{name: "output", short: "o", arg: "OUT", help: "the file or folder to write to; - is standard output", value: text(&c.output, "")},
	}
}

func (c *stripCommand) run(ctx context.Context, u *ui, args []string) error {
	targets, err := c.targets(u, args)
	if err != nil {
		return err
	}
	var first error
	for i, path := range args {
		err := stripFile(ctx, u, path, targets[i])
		switch {
		case err == nil:
		case first == nil:
			first = err
		default:
			u.fail(err)
		}
	}
	return first
}

// targets returns where each file goes, before any is written, and makes the folder they go to.
func (c *stripCommand) targets(u *ui, args []string) ([]string, error) {
	switch {
	case len(args) == 0:
		return nil, usagef("which file?")
	case c.output == "":
		return nil, usagef("where to? -o OUT is missing")
	case c.output == "-" && len(args) > 1:
		return nil, usagef("standard output takes one file only")
	case c.output == "-" && talksTo(u.env.Stdout):
		return nil, usagef("standard output is a terminal, which shows no files")
	case c.output == "-":
		return []string{"-"}, nil
	}
	if len(args) == 1 && !isFolder(c.output) {
		if exists(c.output) {
			return nil, existsError(c.output)
		}
		return []string{c.output}, nil
	}
	return targetsIn(c.output, args)
}

// targetsIn returns where files go that keep their names in a folder, which it makes if there is none.
func targetsIn(folder string, paths []string) ([]string, error) {
	targets := make([]string, len(paths))
	taken := make(map[string]string)
	for i, path := range paths {
		if path == "-" {
			return nil, usagef("standard input has no name to keep in a folder")
		}
		target := filepath.Join(folder, filepath.Base(path))
		if other, ok := taken[target]; ok {
			return nil, usagef("%s and %s would both become %s", other, path, target)
		}
		if exists(target) {
			return nil, existsError(target)
		}
		targets[i], taken[target] = target, path
	}
	return targets, os.MkdirAll(folder, 0o777)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || os.IsPathSeparator(path[len(path)-1])
}

func stripFile(ctx context.Context, u *ui, path, target string) error {
	in, err := u.openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := media.Strip(in, in.size, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	write := func(w io.Writer) error { return copyFile(ctx, u, w, f, in.name) }
	if target == "-" {
		err = write(u.env.Stdout)
	} else {
		err = writeNew(target, write)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	u.sayRemoved(in, f)
	return nil
}

// copyFile writes f to w, with a progress bar.
func copyFile(ctx context.Context, u *ui, w io.Writer, f *media.File, name string) error {
	bar := u.progress(name)
	defer bar.done()
	buf := make([]byte, 1<<20)
	for off := int64(0); off < f.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		off += int64(n)
		bar.update(off, f.Size())
	}
	return nil
}

// sayRemoved says what f lacks of the file in, and what that would have told.
func (u *ui) sayRemoved(in *input, f *media.File) {
	kinds := removedKinds(f)
	if len(kinds) == 0 {
		u.say("%s: nothing to take out", in.name)
		return
	}
	u.say("%s: took out %s", in.name, strings.Join(kinds, ", "))
	if told := toldBy(in, in.size); told != "" {
		u.say("%s: it would have told: %s", in.name, told)
	}
}

// removedKinds returns the kinds of what was taken out of f, each once.
func removedKinds(f *media.File) []string {
	var kinds []string
	seen := make(map[media.Kind]bool)
	for _, r := range f.Removed() {
		if !seen[r.Kind] {
			seen[r.Kind] = true
			kinds = append(kinds, r.Kind.String())
		}
	}
	return kinds
}

// toldBy returns what a file would tell its recipient, in words, or "" if nothing is known.
func toldBy(r io.ReaderAt, size int64) string {
	tags, _ := inspect.Read(r, size) // what could be read before an error is still worth saying
	return printableLine(inspect.Summary(tags))
}
