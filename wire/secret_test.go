package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// TestSecretsDoNotPrint has secrets printed in every way, also from fields that fmt reads without calling a method.
func TestSecretsDoNotPrint(t *testing.T) {
	row := wire.Row([]byte("CANARY-CANARY-CANARY-CANARY-1234"))
	type unexported struct {
		token wire.Token
		share wire.Share
	}
	for name, v := range map[string]any{
		"a token": wire.TokenOf(row), "a share": wire.ShareOf(row), "a created blob": wire.Created{Share: wire.ShareOf(row)},
		"unexported fields":              unexported{wire.TokenOf(row), wire.ShareOf(row)},
		"a pointer to unexported fields": &unexported{wire.TokenOf(row), wire.ShareOf(row)},
	} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		numbers := strings.Trim(fmt.Sprint([]byte("CANARY")), "[]")
		for _, form := range []string{"CANARY", hex.EncodeToString([]byte("CANARY")), numbers} {
			if strings.Contains(strings.ToUpper(out.String()), strings.ToUpper(form)) {
				t.Errorf("%s prints as %s", name, out.String())
			}
		}
	}
	if _, err := json.Marshal(wire.TokenOf(row)); !errors.Is(err, wire.ErrSecret) {
		t.Errorf("a token marshals: %v", err)
	}
}

func TestVeil(t *testing.T) {
	row := wire.Row(bytes.Repeat([]byte{7}, wire.RowSize))
	one, same := wire.VeilOf(row), wire.VeilOf(row)
	if one.Reveal() != row || one != same {
		t.Error("what is veiled is not what is revealed")
	}
	if (wire.Veil{}).Reveal() != (wire.Row{}) || wire.VeilOf(wire.Row{}) != (wire.Veil{}) || !wire.TokenOf(wire.Row{}).IsZero() {
		t.Error("zero does not stand for zero")
	}
	if first, second := wire.NewToken(), wire.NewToken(); first == second {
		t.Error("two new tokens are the same")
	}
}
