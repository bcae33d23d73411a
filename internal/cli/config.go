package cli

import (
	"fmt"
	"os"
	"strings"
)

// configName is the setting that names a file of further settings.
const configName = "config"

// configSetting binds the name of a file of settings.
func configSetting(path *string) setting {
	return setting{
		name: configName, arg: "FILE", value: text(path, ""),
		help: "read settings from FILE: lines of MAYFLY_NAME=value",
		more: "The names are those of the variables, so the same file serves systemd's EnvironmentFile and " +
			"docker's --env-file. Lines that begin with # say nothing; values are not quoted.",
	}
}

// parseConfig fills the settings that neither a flag nor the environment has set from the file that the setting named
// config names, if there is one.
func parseConfig(settings []setting) error {
	for _, c := range settings {
		if c.name == configName && c.value.String() != "" {
			return readConfig(settings, c.value.String())
		}
	}
	return nil
}

func readConfig(settings []setting, path string) error {
	data, err := readLimited(path, maxSettingFile)
	if err != nil {
		return usagef("--config: %v", err)
	}
	values := make(map[string]string)
	lines := make(map[string]int)
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		switch {
		case !ok:
			return usagef("%s:%d: not of the form MAYFLY_NAME=value", path, i+1)
		case !serverVariable(name):
			return usagef("%s:%d: the server has no setting %s", path, i+1, name)
		case lines[name] != 0:
			return usagef("%s:%d: %s stands in line %d already", path, i+1, name, lines[name])
		case strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'"):
			return usagef("%s:%d: values are not quoted", path, i+1)
		}
		values[name], lines[name] = value, i+1
	}
	lookup := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	place := func(name string) string { return fmt.Sprintf("%s:%d: %s", path, lines[name], name) }
	for i := range settings {
		if settings[i].from != "" {
			continue
		}
		if err := settings[i].setFrom(lookup, place); err != nil {
			return err
		}
	}
	return nil
}

// serverVariable reports whether name is the variable of a setting of the server, so that one file serves all of its
// commands and a misspelt line is found in each.
func serverVariable(name string) bool {
	for _, s := range new(serveCommand).settings() {
		if v := s.variable(); s.name != configName && (name == v || name == v+"_FILE") {
			return true
		}
	}
	return false
}

// exists reports whether there is something at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
