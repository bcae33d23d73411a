package mem_test

import (
	"testing"

	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

func TestRules(t *testing.T) {
	s := mem.New()
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
