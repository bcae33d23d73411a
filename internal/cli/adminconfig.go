package cli

import (
	"context"
	"fmt"
	"net/url"
)

const adminConfigMore = `
The lines can be saved and given to --config, but for the secrets, which are hidden. What stands behind # says where
a value comes from.
`

// adminConfigCommand prints the settings of serve as they are in force.
type adminConfigCommand struct {
	server serverSettings
}

func (c *adminConfigCommand) settings() []setting { return c.server.table() }

func (c *adminConfigCommand) run(_ context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	for _, s := range c.server.bound {
		if s.name != configName {
			u.print("%s", s.line())
		}
	}
	return nil
}

// line returns s as a line of a file of settings, under a line that says where it comes from.
func (s *setting) line() string {
	from := s.from
	if from == "" {
		from = "default"
	}
	value := s.shown()
	if value == "" {
		return fmt.Sprintf("# %s\n#%s=\n", from, s.variable())
	}
	return fmt.Sprintf("# %s\n%s=%s\n", from, s.variable(), value)
}

// shown returns the value of s without what is secret.
func (s *setting) shown() string {
	value := s.value.String()
	if value == "" || s.secret {
		return value
	}
	if s.name != "database" && s.name != "storage" || !hasPassword(value) {
		return value
	}
	u, err := url.Parse(value)
	if err != nil || u.Query().Has("password") {
		return hiddenValue
	}
	return u.Redacted()
}
