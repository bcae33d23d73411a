package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A claim is a line of a list in docs/THREATS.md.
type claim struct {
	section, list, text string
}

// claims returns the lines of all lists, each with the lines that it goes on in.
func claims(document string) (list []claim) {
	var section, kind string
	open := false
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "## "):
			section, kind, open = line[3:], "", false
		case strings.HasPrefix(line, "**"):
			kind, open = strings.Trim(strings.SplitN(line, ",", 2)[0], "*"), false
		case strings.HasPrefix(line, "- "):
			list, open = append(list, claim{section, kind, line[2:]}), true
		case open && strings.HasPrefix(line, "  "):
			list[len(list)-1].text += " " + strings.TrimSpace(line)
		default:
			open = false
		}
	}
	return list
}

var testName = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")

// TestEveryThreatHasItsTest reads docs/THREATS.md: every adversary has a list of what it cannot do, every line of it
// names a test, and every test that the page names is there.
func TestEveryThreatHasItsTest(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "THREATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	cannot := 0
	for _, c := range claims(string(page)) {
		if c.list != "Cannot" {
			continue
		}
		cannot++
		if !testName.MatchString(c.text) {
			t.Errorf("%s cannot %s: no test is named", c.section, c.text)
		}
	}
	if cannot < 40 {
		t.Fatalf("only %d lines say what somebody cannot do: the page was not understood", cannot)
	}
	names := testName.FindAllStringSubmatch(string(page), -1)
	if len(names) < 80 {
		t.Fatalf("only %d tests are named: the page was not understood", len(names))
	}
	for _, m := range names {
		if !hasTest(t, filepath.Join(root, filepath.FromSlash(m[1])), m[2]) {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
}

// hasTest reports whether a test file in folder defines the function name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), fmt.Sprintf("\nfunc %s(", name)) {
			return true
		}
	}
	return false
}
