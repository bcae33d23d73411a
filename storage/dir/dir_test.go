package dir_test

import (
	"testing"

	"github.com/seed-7b314ca8/mayfly/storage/dir"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

func TestRules(t *testing.T) {
	s := open(t, t.TempDir())
	for _, rule := range storagetest.Rules {
		t.Run(rule.Name, func(t *testing.T) {
			if err := rule.Check(t.Context(), s, "test"); err != nil {
				t.Error(err)
			}
		})
	}
	for o := range s.List(t.Context(), "") {
		t.Errorf("%s was left behind", o.Key)
	}
}

func open(t *testing.T, path string) *dir.Store {
	t.Helper()
	s, err := dir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
