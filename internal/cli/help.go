package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const welcome = `mayfly shares photos and files that tell nothing but themselves, and that go when their time is up.

  See it work, here and now:      mayfly demo
  Join a server with an invite:   mayfly id create --invite -
  Run a server of your own:       mayfly serve
  All commands:                   mayfly help
`

type helpCommand struct{}

func (*helpCommand) settings() []setting { return nil }

func (*helpCommand) run(_ context.Context, u *ui, args []string) error {
	name := strings.Join(args, " ")
	switch {
	case name == "":
		u.print("%s", overview())
	case name == "exit":
		u.print("%s", exitText)
	case lookup(name) != nil:
		u.print("%s", usageText(lookup(name)))
	case len(group(name)) > 0:
		u.print("%s", table(group(name)))
	default:
		return unknownCommand(args)
	}
	return nil
}

// overview lists all commands.
func overview() string {
	var all []*entry
	for i := range commands {
		all = append(all, &commands[i])
	}
	return table(all) + `
  mayfly help COMMAND         how to use one
  mayfly help exit            the exit codes

Flags may follow arguments. Every --name may be given as MAYFLY_NAME in the environment instead, or as the
content of the file that MAYFLY_NAME_FILE names.
`
}

func table(entries []*entry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "  mayfly %-20s %s\n", e.name, e.does)
	}
	return b.String()
}

// usageText is what "mayfly help NAME" prints.
func usageText(e *entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "mayfly %s", e.name)
	if e.args != "" {
		b.WriteString(" " + e.args)
	}
	fmt.Fprintf(&b, "\n\n  %s\n", e.does)
	if e.more != "" {
		b.WriteString("\n" + strings.TrimSpace(e.more) + "\n")
	}
	settings := e.new().settings()
	if len(settings) == 0 {
		return b.String()
	}
	b.WriteString("\nFlags:\n")
	for _, s := range settings {
		b.WriteString(s.usage())
	}
	return b.String()
}

// usage returns the lines of s in a usage text.
func (s *setting) usage() string {
	name := "--" + s.name
	switch {
	case s.secret:
		name = s.variable() + "_FILE"
	case s.short != "":
		name = "-" + s.short + ", " + name
	}
	if s.arg != "" && !s.secret {
		name += " " + s.arg
	}
	help := s.help
	if def := s.shownDefault(); def != "" {
		help += " (default " + def + ")"
	}
	const column = 26
	if len([]rune(name)) > column-2 {
		return "  " + name + "\n" + strings.Repeat(" ", column+2) + help + "\n"
	}
	return fmt.Sprintf("  %-*s%s\n", column, name, help)
}

// shownDefault returns the default of s, which has not been set, if it says something.
func (s *setting) shownDefault() string {
	if s.otherwise != "" {
		return s.otherwise
	}
	if d := s.value.String(); !s.secret && !slices.Contains([]string{"", "false", "0", "0s"}, d) {
		return d
	}
	return ""
}
