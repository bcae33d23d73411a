package cli

import (
	"fmt"
	"strings"
)

const configDocHead = `# Settings

This page is made from the program's own tables; ` + "`go test ./internal/cli -update`" + ` writes it anew.

Every setting below is a flag, ` + "`--name`" + `, and a variable of the environment, ` + "`MAYFLY_NAME`" + `, in capitals and with ` + "`_`" + `
for ` + "`-`" + `. A third form, ` + "`MAYFLY_NAME_FILE`" + `, names a file that holds the value; it suits secrets. The flag wins over
the variable, the variable over the file that it names, and all of them over a line of the file that ` + "`--config`" + ` names,
which has the same names:

    # /etc/mayfly.conf
    MAYFLY_LISTEN=127.0.0.1:8080
    MAYFLY_PUBLIC_URL=https://share.example.org
    MAYFLY_TRUSTED_PROXIES=127.0.0.1
    MAYFLY_STORAGE=s3+https://s3.example.org/bucket/prefix
    MAYFLY_S3_ACCESS_KEY=mayfly
    MAYFLY_S3_SECRET_KEY_FILE=/run/secrets/s3

A variable that is empty counts as absent. A mistake in any of them is an error that names where it stands; so is a
line of the file with a name that is no setting. ` + "`mayfly admin config`" + ` prints what is in force, and where it comes from.

Times are whole numbers with a unit, ` + "`10s` `90m` `36h` `7d` `2w`" + `; sizes are too, ` + "`4096` `200MiB` `1GiB` `50GB`" + `.
Your state folder is ` + "`$XDG_STATE_HOME`" + ` or ` + "`~/.local/state`" + `; on macOS ` + "`~/Library/Application Support`" + `, on Windows
` + "`%LocalAppData%`" + `.

`

// configDoc is docs/CONFIG.md.
func configDoc() string {
	var b strings.Builder
	b.WriteString(configDocHead)
	b.WriteString("## The server\n\nSettings of `mayfly serve`. The commands of `mayfly admin` take those that they need.\n\n")
	for _, s := range new(serveCommand).settings() {
		b.WriteString(s.doc())
	}
	b.WriteString("## The client\n\nSettings of every command that uses a home: `id`, `contact`, `send`, `inbox`.\n\n")
	for _, s := range new(homeFlags).settings() {
		b.WriteString(s.doc())
	}
	b.WriteString("What else a command takes, `mayfly help COMMAND` says.\n")
	return b.String()
}

// doc returns the paragraph of s in docs/CONFIG.md.
func (s *setting) doc() string {
	var b strings.Builder
	title := "`--" + s.name + "`"
	if s.secret {
		title = "`" + s.variable() + "`"
	}
	fmt.Fprintf(&b, "### %s\n\n", title)
	switch {
	case s.secret:
		fmt.Fprintf(&b, "Secret: not a flag. `%s_FILE` names a file that holds it.\n\n", s.variable())
	case s.arg == "":
		fmt.Fprintf(&b, "A switch; `%s=true`.\n\n", s.variable())
	default:
		fmt.Fprintf(&b, "%s; `%s`.", s.arg, s.variable())
		if def := s.shownDefault(); def != "" {
			fmt.Fprintf(&b, " Default: %s.", def)
		}
		b.WriteString("\n\n")
	}
	text := sentence(s.help)
	if s.more != "" {
		text += " " + s.more
	}
	b.WriteString(text + "\n\n")
	return b.String()
}

// sentence makes a sentence of what stands in a usage text.
func sentence(help string) string {
	return strings.ToUpper(help[:1]) + help[1:] + "."
}
