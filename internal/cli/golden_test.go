package cli

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with the file at path.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale: go test ./internal/cli -update\ngot:\n%s", path, got)
	}
}

func TestConfigDocIsThatOfTheTable(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "CONFIG.md"), configDoc())
}

func TestUsage(t *testing.T) {
	for i := range commands {
		e := &commands[i]
		t.Run(e.name, func(t *testing.T) {
			got := usageText(e)
			golden(t, filepath.Join("testdata", "usage", strings.ReplaceAll(e.name, " ", "-")+".txt"), got)
			for line := range strings.Lines(got) {
				if n := len([]rune(line)); n > 120 {
					t.Errorf("a line of %d characters: %s", n, line)
				}
			}
		})
	}
	golden(t, filepath.Join("testdata", "usage", "overview.txt"), overview())
	golden(t, filepath.Join("testdata", "usage", "exit.txt"), exitText)
	golden(t, filepath.Join("testdata", "usage", "welcome.txt"), welcome)
}
