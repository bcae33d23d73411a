package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a command with a setting of every kind.
type sample struct {
	config, name string
	key          secret
	ttl          time.Duration
	to           []string
	on           bool
}

func (c *sample) settings() []setting {
	return []setting{
		configSetting(&c.config),
		{name: "listen", arg: "NAME", value: text(&c.name, "nobody")},
		{name: "max-ttl", short: "t", arg: "DURATION", value: duration(&c.ttl, time.Hour)},
		{name: "to", arg: "NAME", value: list(&c.to)},
		{name: "on", value: toggle(&c.on)},
		{name: "s3-secret-key", secret: true, value: hush(&c.key)},
	}
}

func TestWhereASettingComesFrom(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hushFile := file("secret", "hush\n")
	config := file("mayfly.conf", "# a comment\n\nMAYFLY_LISTEN=config\nMAYFLY_MAX_TTL=2h\n")
	missing := filepath.Join(dir, "missing")
	for _, row := range []struct {
		name string
		args string
		env  map[string]string
		want sample
		rest string
		err  string // a part of the error, if there is one
	}{
		{name: "defaults", want: sample{name: "nobody", ttl: time.Hour}},
		{
			name: "flags may follow arguments", args: "a.jpg --listen x b.jpg -t 1m --on",
			want: sample{name: "x", ttl: time.Minute, on: true}, rest: "a.jpg b.jpg",
		},
		{name: "two dashes end the flags", args: "a -- --listen x", want: sample{name: "nobody", ttl: time.Hour}, rest: "a --listen x"},
		{name: "one dash is an argument", args: "- --on", want: sample{name: "nobody", ttl: time.Hour, on: true}, rest: "-"},
		{
			name: "a list grows", args: "--to a,b --to c",
			want: sample{name: "nobody", ttl: time.Hour, to: []string{"a", "b", "c"}},
		},
		{name: "a variable", env: map[string]string{"MAYFLY_MAX_TTL": "3h"}, want: sample{name: "nobody", ttl: 3 * time.Hour}},
		{name: "an empty variable is absent", env: map[string]string{"MAYFLY_MAX_TTL": ""}, want: sample{name: "nobody", ttl: time.Hour}},
		{
			name: "a flag wins over a variable", args: "--max-ttl 1m", env: map[string]string{"MAYFLY_MAX_TTL": "3h"},
			want: sample{name: "nobody", ttl: time.Minute},
		},
		{
			name: "a variable that names a file", env: map[string]string{"MAYFLY_S3_SECRET_KEY_FILE": hushFile},
			want: sample{name: "nobody", ttl: time.Hour, key: secret{text: "hush"}},
		},
		{
			name: "a variable wins over a file that another names",
			env:  map[string]string{"MAYFLY_S3_SECRET_KEY": "loud", "MAYFLY_S3_SECRET_KEY_FILE": hushFile},
			want: sample{name: "nobody", ttl: time.Hour, key: secret{text: "loud"}},
		},
		{
			name: "a file of settings comes last", args: "--config " + config, env: map[string]string{"MAYFLY_MAX_TTL": "3h"},
			want: sample{config: config, name: "config", ttl: 3 * time.Hour},
		},
		{name: "the source of a bad flag is named", args: "--max-ttl 3", err: "--max-ttl: "},
		{name: "a short flag is named by its long one", args: "-t 3", err: "--max-ttl: "},
		{name: "the source of a bad variable is named", env: map[string]string{"MAYFLY_MAX_TTL": "3"}, err: "MAYFLY_MAX_TTL: "},
		{name: "a file that is not there is named", env: map[string]string{"MAYFLY_TO_FILE": missing}, err: "MAYFLY_TO_FILE: "},
		{name: "an unknown flag is refused", args: "--liten x", err: "no flag --liten"},
		{name: "a flag without its value is refused", args: "--listen", err: "--listen wants a value"},
		{name: "a secret is no flag", args: "--s3-secret-key x", err: "--s3-secret-key is a secret"},
		{name: "a config line that is none", args: "--config " + file("1", "nonsense"), err: "1:1: not of the form"},
		{name: "a config line with a misspelt name", args: "--config " + file("2", "\nMAYFLY_LISTN=x"), err: "2:2: the server has no setting MAYFLY_LISTN"},
		{name: "a config line that comes twice", args: "--config " + file("3", "MAYFLY_LISTEN=x\nMAYFLY_LISTEN=x"), err: "3:2: MAYFLY_LISTEN stands in line 1 already"},
		{name: "a config line with quotes", args: "--config " + file("4", `MAYFLY_LISTEN="x"`), err: "4:1: values are not quoted"},
		{name: "a bad value in a config line", args: "--config " + file("5", "MAYFLY_MAX_TTL=x"), err: "5:1: MAYFLY_MAX_TTL: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got sample
			lookup := func(name string) (string, bool) { v, ok := row.env[name]; return v, ok }
			rest, err := parse(got.settings(), strings.Fields(row.args), lookup)
			if row.err != "" {
				if err == nil || !isUsage(err) || !strings.Contains(err.Error(), row.err) {
					t.Fatalf("the error is %v, want a usage error with %q", err, row.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !same(got, row.want) || strings.Join(rest, " ") != row.rest {
				t.Errorf("got %+v and %q\nwant %+v and %q", got, rest, row.want, row.rest)
			}
		})
	}
}

func same(a, b sample) bool {
	if !slices.Equal(a.to, b.to) {
		return false
	}
	a.to, b.to = nil, nil
	return a.config == b.config && a.name == b.name && a.key.reveal() == b.key.reveal() && a.ttl == b.ttl && a.on == b.on
}

func TestNearest(t *testing.T) {
	names := []string{"send", "serve", "strip", "id create"}
	for typed, want := range map[string]string{
		"sned": "send", "serv": "serve", "id creat": "id create", "stirp": "strip", "xyzzy": "", "q": "",
	} {
		if got := nearest(typed, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestEverySettingHasAName(t *testing.T) {
	for _, e := range commands {
		seen := make(map[string]bool)
		for _, s := range e.new().settings() {
			for _, name := range []string{s.name, s.short} {
				if name != "" && seen[name] {
					t.Errorf("%s has two flags %q", e.name, name)
				}
				seen[name] = true
			}
			if s.help == "" || s.value == nil {
				t.Errorf("%s: --%s has no help or no value", e.name, s.name)
			}
		}
	}
}
