package cli

import (
	"errors"
	"strings"
	"testing"
)

func TestPasswordsOfDatabasesAreNotShown(t *testing.T) {
	for _, row := range []struct {
		dsn      string
		password bool
		shown    string
	}{
		{"postgres://mayfly:sesame@db/mayfly", true, "postgres://mayfly:xxxxx@db/mayfly"},
		{"postgres://mayfly@db/mayfly", false, "postgres://mayfly@db/mayfly"},
		{"postgres://db/mayfly?user=mayfly&password=sesame", true, hiddenValue},
		{"postgres://mayfly:sesame@db:port/mayfly", true, hiddenValue},
		{"sqlite:state.db", false, "sqlite:state.db"},
		{"", false, ""},
	} {
		if got := hasPassword(row.dsn); got != row.password {
			t.Errorf("hasPassword(%q) = %v", row.dsn, got)
		}
		var c serverSettings
		settings := c.pick("database")
		if err := settings[0].set(row.dsn, "test"); err != nil {
			t.Fatal(err)
		}
		if got := settings[0].shown(); got != row.shown {
			t.Errorf("%q is shown as %q, want %q", row.dsn, got, row.shown)
		}
		err := hidePassword(errors.New("cannot reach "+row.dsn), row.dsn)
		if strings.Contains(err.Error(), "sesame") {
			t.Errorf("the error is %q", err)
		}
	}
}
