package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// A setting is something that a person can choose: a field of a command, the flag and the variables that set it, and
// what is said of it. Its value in a run is that of the flag, else of the variable MAYFLY_NAME, else the content of the
// file that MAYFLY_NAME_FILE names, else that of a line of the file that --config names, else the default. A variable
// that is empty counts as absent.
type setting struct {
	name      string // of the flag, without dashes
	short     string // another name for it, of one letter; may be empty
	arg       string // what stands for the value in a usage text; empty for a switch
	help      string // what it is for, in half a sentence
	more      string // which feature needs it and what goes wrong, for docs/CONFIG.md; may be empty
	otherwise string // the default in words, where it is not a value; may be empty
	secret    bool   // has no flag, because arguments show in the list of processes, and is not printed
	value     flag.Value

	from string // where the value came from; empty for the default
	file string // the file that held the value, if its name was given
}

// variable returns the name of the setting in the environment.
func (s *setting) variable() string {
	return "MAYFLY_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// set sets the value, and names where it comes from in the error.
func (s *setting) set(value, from string) error {
	if err := s.value.Set(value); err != nil {
		return usagef("%s: %v", from, err)
	}
	s.from = from
	return nil
}

// parse fills settings from args and the environment and returns the other arguments. Flags may follow them; "--" ends
// the flags. The error is [flag.ErrHelp] if that is what was asked for.
func parse(settings []setting, args []string, env lookupFunc) ([]string, error) {
	args, err := parseFlags(settings, args)
	if err != nil {
		return nil, err
	}
	if err := parseEnv(settings, env); err != nil {
		return nil, err
	}
	return args, parseConfig(settings)
}

type lookupFunc = func(string) (string, bool)

func parseFlags(settings []setting, args []string) ([]string, error) {
	fs := flag.NewFlagSet("mayfly", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var failed error // the error of a value, in our words
	for i := range settings {
		bind(fs, &settings[i], &failed)
	}
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, flagError(settings, err, failed)
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		if used := len(args) - fs.NArg(); used > 0 && args[used-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// bind gives fs the flag of s.
func bind(fs *flag.FlagSet, s *setting, failed *error) {
	if s.secret {
		return
	}
	set := func(value string) error {
		*failed = s.set(value, "--"+s.name)
		return *failed
	}
	for _, name := range []string{s.name, s.short} {
		switch {
		case name == "":
		case s.arg == "":
			fs.BoolFunc(name, "", set)
		default:
			fs.Func(name, "", set)
		}
	}
}

// flagError says in our words what package flag has to say.
func flagError(settings []setting, err, failed error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if failed != nil {
		return failed
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return unknownFlag(settings, strings.TrimPrefix(name, "-"))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return usagef("%s wants a value", dashed(name))
	}
	return usagef("%s", text)
}

func unknownFlag(settings []setting, name string) error {
	var names []string
	for _, s := range settings {
		if s.secret && s.name == name {
			err := usagef("%s is a secret, and arguments show in the list of processes", dashed(name))
			return withHint(err, "put it into a file, and the name of the file into %s_FILE", s.variable())
		}
		if !s.secret {
			names = append(names, s.name)
		}
	}
	err := usagef("there is no flag %s here", dashed(name))
	if near := nearest(name, names); near != "" {
		return withHint(err, "did you mean --%s", near)
	}
	return err
}

// dashed returns the flag name as people type it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// parseEnv fills the settings that no flag has set.
func parseEnv(settings []setting, env lookupFunc) error {
	for i := range settings {
		s := &settings[i]
		if s.from != "" {
			continue
		}
		if err := s.setFrom(env, func(name string) string { return name }); err != nil {
			return err
		}
	}
	return nil
}

// setFrom sets s from the variables that lookup knows. The function place says how an error names one.
func (s *setting) setFrom(lookup lookupFunc, place func(variable string) string) error {
	name := s.variable()
	if value, _ := lookup(name); value != "" {
		return s.set(value, place(name))
	}
	path, _ := lookup(name + "_FILE")
	if path == "" {
		return nil
	}
	data, err := readLimited(path, maxSettingFile)
	if err != nil {
		return usagef("%s: %v", place(name+"_FILE"), err)
	}
	s.file = path
	return s.set(strings.TrimRight(string(data), "\r\n"), place(name+"_FILE"))
}

const maxSettingFile = 64 << 10

// readLimited returns the content of the file at path, or an error if that is longer than limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is longer than %s", path, formatSize(limit))
	}
	return data, err
}
