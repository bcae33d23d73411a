package chat

import (
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// TestExamplesOfTheDocument holds docs/PROTOCOL.md to what the code does.
func TestExamplesOfTheDocument(t *testing.T) {
	document, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	key := signingKeyOf([32]byte([]byte("an example, and no one's key ...")))
	var server wire.PublicKey
	for i := range server {
		server[i] = byte(i)
	}
	body := []byte(`{"invite":"AAECAwQFBgcICQoLDA0ODw"}`)
	digest := wire.ContentDigest(body)
	params := wire.SignatureParams{
		Created: start, Nonce: wire.EncodeText([]byte("sixteen bytes !!")), KeyID: key.Public(), Tag: server,
	}.String()
	base := wire.SignatureBase(wire.Covered("POST", wire.PathEnrol, "", digest), params)
	for name, want := range map[string]string{
		"the key":             "`an example, and no one's key ...`",
		"the body":            "`" + string(body) + "`",
		"the signature base":  "    " + strings.ReplaceAll(string(base), "\n", "\n    ") + "\n",
		"the digest":          "    Content-Digest: " + digest + "\n",
		"the signature input": "    Signature-Input: mayfly=" + params + "\n",
		"the signature":       "    Signature: mayfly=:" + base64.StdEncoding.EncodeToString(key.Sign(base)) + ":\n",
		"the safety number":   "    " + SafetyNumber(AccountID{1}, AccountID{2}) + "\n",
	} {
		if !strings.Contains(string(document), want) {
			t.Errorf("%s is not there, or is another:\n%s", name, want)
		}
	}
	if problems := tableOfProblems(string(document)); len(problems) < 20 {
		t.Errorf("%d problems", len(problems))
	} else {
		for code, status := range problems {
			if p := wire.NewProblem(wire.Code(code), ""); string(p.Code) != code || strconv.Itoa(p.Status) != status {
				t.Errorf("%s has status %d, not %s", p.Code, p.Status, status)
			}
		}
	}
}

// tableOfProblems returns the status of each code.
func tableOfProblems(document string) map[string]string {
	problems := map[string]string{}
	_, section, _ := strings.Cut(document, "## 1.3")
	section, _, _ = strings.Cut(section, "## 1.4")
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) == 4 {
			problems[strings.Trim(cells[0], "|` ")] = cells[1]
		}
	}
	return problems
}
