package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/media/inspect"
)

const inspectMore = `
Exit code 4 says that at least one file tells something about you, or that nobody can say
whether it does. With --json each line is an object {file, format, tags}, where each of the
tags is {group, name, value, kind, sensitive}. "-" is standard input.
`

// inspectCommand shows what files would tell.
type inspectCommand struct {
	json bool
}

func (c *inspectCommand) settings() []setting {
	return []setting{
		{name: "json", help: "print a JSON object for each file", value: toggle(&c.json)},
	}
}

// An inspectLine is the promise of "inspect --json".
type inspectLine struct {
	File   string        `json:"file"`
	Format string        `json:"format"`
	Tags   []inspect.Tag `json:"tags"`
}

// errSensitive says that inspect found what it looks for.
var errSensitive = errors.New("there is metadata that tells something about you")

func (c *inspectCommand) run(ctx context.Context, u *ui, args []string) error {
	if len(args) == 0 {
		return usagef("which file?")
	}
	var first error
	for _, path := range args {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := c.file(u, path)
		switch {
		case err == nil:
		case first == nil:
			first = err
		case !errors.Is(err, errSensitive):
			u.fail(err)
		}
	}
	return first
}

func (c *inspectCommand) file(u *ui, path string) error {
	in, err := u.openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	tags, err := inspect.Read(in, in.size)
	if printErr := c.print(u, in, tags); printErr != nil {
		return printErr
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", in.name, err)
	case sensitive(tags):
		return fmt.Errorf("%s: %w", in.name, errSensitive)
	}
	return nil
}

func sensitive(tags []inspect.Tag) bool {
	return slices.ContainsFunc(tags, func(t inspect.Tag) bool { return t.Sensitive })
}

func (c *inspectCommand) print(u *ui, in *input, tags []inspect.Tag) error {
	if c.json {
		line := inspectLine{File: in.name, Format: formatOf(in).String(), Tags: tags}
		if tags == nil {
			line.Tags = []inspect.Tag{} // a list in JSON, always
		}
		return u.printJSON(line)
	}
	for _, t := range tags {
		mark := " "
		if t.Sensitive {
			mark = "!"
		}
		u.print("%s %s: %s %s: %s\n", mark, in.name, t.Group, t.Name, printableLine(t.Value))
	}
	if told := inspect.Summary(tags); told != "" {
		u.say("%s: it tells: %s", in.name, printableLine(told))
	}
	return nil
}

func formatOf(in *input) media.Format {
	head := make([]byte, min(in.size, media.SniffLen))
	n, _ := in.ReadAt(head, 0)
	return media.Detect(head[:n])
}
