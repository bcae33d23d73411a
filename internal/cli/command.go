package cli

import (
	"context"
	"strings"
)

// A command does one thing. It is used once: settings binds its fields and sets them to their defaults, then run is
// called with what is left of the arguments.
type command interface {
	settings() []setting
	run(ctx context.Context, u *ui, args []string) error
}

// An entry is a row of the table of commands.
type entry struct {
	name string // "id create"
	args string // what follows the name: "FILE… -o OUT"
	does string // in a line, without a full stop
	more string // what else there is to know; paragraphs of short lines
	new  func() command
}

// find returns the command that args begin with, and the rest of them.
func find(args []string) (*entry, []string, error) {
	switch args[0] {
	case "-h", "-help", "--help":
		args = []string{"help"}
	case "-version", "--version":
		args = []string{"version"}
	}
	for n := min(2, len(args)); n > 0; n-- {
		if e := lookup(strings.Join(args[:n], " ")); e != nil {
			return e, args[n:], nil
		}
	}
	return nil, nil, unknownCommand(args)
}

func lookup(name string) *entry {
	for i := range commands {
		if commands[i].name == name {
			return &commands[i]
		}
	}
	return nil
}

// group returns the commands whose names begin with the word name, as those of "admin".
func group(name string) []*entry {
	var es []*entry
	for i := range commands {
		if strings.HasPrefix(commands[i].name, name+" ") {
			es = append(es, &commands[i])
		}
	}
	return es
}

func unknownCommand(args []string) error {
	name := args[0]
	if g := group(name); g != nil {
		if len(args) == 1 {
			return withHint(usagef("%s wants one more word", name), "mayfly help %s", name)
		}
		name += " " + args[1]
	}
	err := usagef("there is no command %q", name)
	var names []string
	for _, e := range commands {
		names = append(names, e.name)
	}
	if near := nearest(name, names); near != "" {
		return withHint(err, "did you mean: mayfly %s", near)
	}
	return withHint(err, "mayfly help")
}

// nearest returns the name that is nearest to what was typed, or "" if none is near.
func nearest(typed string, names []string) string {
	best, least := "", max(1, len(typed)/3)+1
	for _, name := range names {
		if d := distance(typed, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance returns how many bytes must be put in, taken out or replaced to make b of a, where two that changed
// places count as one.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			d := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
