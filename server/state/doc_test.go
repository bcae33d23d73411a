package state_test

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// Every column that the server keeps is explained in the package comment, and nothing else is.
func TestEveryColumnIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "state.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	must(t, err)
	var explained []string
	table := ""
	for line := range strings.Lines(file.Doc.Text()) {
		text, ok := strings.CutPrefix(line, "\t")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		if strings.TrimSpace(rest) == "" {
			t.Errorf("%q explains nothing", line)
		}
		if strings.HasPrefix(text, "  ") {
			explained = append(explained, table+"."+name)
		} else {
			table = name
		}
	}
	var kept []string
	for line := range strings.Lines(string(get[[]byte](t)(os.ReadFile("testdata/schema.golden")))) {
		if name, _, _ := strings.Cut(line, " "); name != "index" {
			kept = append(kept, name)
		}
	}
	slices.Sort(explained)
	slices.Sort(kept)
	for _, name := range kept {
		if !slices.Contains(explained, name) {
			t.Errorf("%s is kept and not explained", name)
		}
	}
	for _, name := range explained {
		if !slices.Contains(kept, name) {
			t.Errorf("%s is explained and not kept", name)
		}
	}
	if len(explained) != len(kept) || len(kept) < 60 {
		t.Errorf("%d columns are kept, %d explained", len(kept), len(explained))
	}
}
