package client

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

func TestRecordsOfAnotherVersionAreRefused(t *testing.T) {
	c := &Client{Ring: keyring.Memory()}
	for _, row := range []struct {
		name  string
		value string
		want  string
	}{
		{"as we write it", "\x01" + `{"Verified":true}`, ""},
		{"a later version", "\x02" + `{"Verified":true}`, "newer Mayfly"},
		{"version 0", "\x00{}", "newer Mayfly"},
		{"nothing", "", "newer Mayfly"},
		{"no JSON", "\x01" + `{"Verified":"canary`, "damaged"},
	} {
		if err := c.Ring.Put(keyring.Never, kindContact, "bob", []byte(row.value)); err != nil {
			t.Fatal(err)
		}
		var rec contactRecord
		ok, err := c.get(kindContact, "bob", &rec)
		if !ok || (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error quotes the record: %v", row.name, err)
		}
	}
	if ok, err := c.get(kindContact, "carol", new(contactRecord)); ok || err != nil {
		t.Errorf("what is not there: %t, %v", ok, err)
	}
}

func TestSecretsOfRecordsDoNotPrint(t *testing.T) {
	rec := uploadRecord{Secret: hidden("canary-canary-canary-canary-cana"), Tickets: []hidden{hidden("canary")}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", rec.Secret)
	for _, text := range []string{
		fmt.Sprint(rec), fmt.Sprintf("%+v %#v", rec, rec), fmt.Sprintf("%s %x %q", rec.Secret, rec.Secret, rec.Secret), log.String(),
	} {
		for _, spelling := range []string{"canary", "63616e617279", "99 97 110", "0x63, 0x61"} {
			if strings.Contains(text, spelling) {
				t.Errorf("a secret prints: %s", text)
			}
		}
	}
}

func TestNamesOfContacts(t *testing.T) {
	for _, name := range []string{"bob", "Zoë", "o'brien", "bob@work", strings.Repeat("x", 64)} {
		if err := checkName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "-m", "two words", "a,b", "a\tb", "a\nb", "\x1b[31mred", "b\u202eob", "bo\u00a0b", strings.Repeat("x", 65),
	} {
		if checkName(name) == nil {
			t.Errorf("%q can be the name of a contact", name)
		}
	}
}
