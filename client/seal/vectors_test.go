package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/wire"
)

var add = flag.Bool("add", false, "add to testdata/vectors.json what is not there yet")

const vectorsPath = "testdata/vectors.json"

// vectors is the form of testdata/vectors.json, which docs/FORMAT.md describes. What is in it never changes.
type vectors struct {
	Comment string    `json:"comment"`
	Valid   []valid   `json:"valid"`
	Invalid []invalid `json:"invalid"`
}

// A valid vector is a file and what sealing gives.
type valid struct {
	Name      string     `json:"name"`
	Secret    hexBytes   `json:"secret"`
	Share     hexBytes   `json:"share"`
	ID        hexBytes   `json:"id"`
	Salt      hexBytes   `json:"salt"`
	Length    int64      `json:"L"`
	PartSize  int        `json:"S"`
	ReadToken hexBytes   `json:"read"`
	Key       hexBytes   `json:"K"`
	Padded    int64      `json:"P"`
	Size      int64      `json:"size"`
	Header    hexBytes   `json:"header"`
	Digests   []hexBytes `json:"digests"`
	Root      hexBytes   `json:"root"`
}

// An invalid vector is a valid one, spoiled step by step, and the class of the refusal.
type invalid struct {
	Name  string `json:"name"`
	Of    string `json:"of"`
	Steps []step `json:"steps"`
	Class string `json:"class"`
}

// A step changes one thing.
type step struct {
	Do   string `json:"do"`
	Part int    `json:"part,omitempty"`
	At   int64  `json:"at,omitempty"`
	To   int64  `json:"to,omitempty"`
}

var classes = map[string]error{
	"length": seal.ErrLength, "root": seal.ErrRoot, "digest": seal.ErrDigest,
	"commitment": seal.ErrCommitment, "auth": seal.ErrAuth, "padding": seal.ErrPadding,
}

// take does the step to b.
func (s step) take(t *testing.T, b *blob) {
	switch s.Do {
	case "flip":
		b.parts[s.Part][s.At] ^= 1
	case "cut":
		b.parts[s.Part] = b.parts[s.Part][:s.To]
	case "swap":
		b.parts[s.Part], b.parts[s.To] = b.parts[s.To], b.parts[s.Part]
	case "drop":
		b.parts = slices.Delete(b.parts, s.Part, s.Part+1)
	case "share":
		b.share = wire.ShareOf(flipped(b.share.Reveal()))
	case "secret":
		b.secret = seal.SecretOf(flipped(b.secret.Reveal()))
	case "id":
		b.id[0] ^= 1
	case "root":
		b.params.Root = flipped(b.params.Root)
	case "length":
		b.params.Length = s.To
	case "partsize":
		b.params.PartSize = int(s.To)
	case "size":
		b.params.Size = s.To
	case "plain":
		plain := make([]byte, wire.PaddedSize(b.params.Length))
		copy(plain, fileOf(b.params.Length))
		plain[s.At] ^= 1
		b.sealPlain(t, plain, b.params.Length, b.params.PartSize)
	case "commit":
		b.commit()
	default:
		t.Fatalf("no step %q", s.Do)
	}
}

func flipped(row wire.Row) wire.Row {
	row[0] ^= 1
	return row
}

// recipes are the vectors there should be. They only ever become more.
var recipes = []struct {
	name     string
	length   int64
	partSize int
}{
	{"an empty file", 0, small},
	{"one byte", 1, small},
	{"one byte in large parts", 1, wire.MaxPartSize},
	{"a full chunk, and so an empty last one", 16384, small},
	{"a byte more than a chunk", 16385, small},
	{"the padding step behind a chunk", 18432, small},
	{"a full part", 245760, small},
	{"a byte more than a part", 245761, small},
	{"an empty chunk alone in the last part", 1966080, small},
	{"padding that fills parts of its own", 8388609, small},
	{"three megabytes in parts of one", 3000000, 1 << 20},
}

var spoilings = []invalid{
	{"a bit of the salt", "one byte", []step{{Do: "flip", At: 0}, {Do: "commit"}}, "commitment"},
	{"a bit of the commitment", "one byte", []step{{Do: "flip", At: 55}, {Do: "commit"}}, "commitment"},
	{"a bit of the file", "one byte", []step{{Do: "flip", At: 56}, {Do: "commit"}}, "auth"},
	{"a bit of a tag", "one byte", []step{{Do: "flip", At: 16455}, {Do: "commit"}}, "auth"},
	{"a bit of the last chunk", "one byte", []step{{Do: "flip", At: 16471}, {Do: "commit"}}, "auth"},
	{"a bit of the file, and the root of before", "one byte", []step{{Do: "flip", At: 56}}, "digest"},
	{"a bit of part 1", "a byte more than a part", []step{{Do: "flip", Part: 1, At: 9}, {Do: "commit"}}, "auth"},
	{"a bit of part 1, and the root of before", "a byte more than a part", []step{{Do: "flip", Part: 1, At: 9}}, "digest"},
	{"a bit of the root", "one byte", []step{{Do: "root"}}, "root"},
	{"another share", "one byte", []step{{Do: "share"}}, "commitment"},
	{"another secret", "one byte", []step{{Do: "secret"}}, "commitment"},
	{"another id", "one byte", []step{{Do: "id"}}, "commitment"},
	{"a length of the same padded size", "one byte", []step{{Do: "length", To: 2}}, "commitment"},
	{"a length of another padded size", "one byte", []step{{Do: "length", To: 16385}}, "length"},
	{"a length below zero", "one byte", []step{{Do: "length", To: -1}}, "length"},
	{"another part size", "one byte", []step{{Do: "partsize", To: 524288}}, "root"},
	{"a part size that is no power of two", "one byte", []step{{Do: "partsize", To: 393216}, {Do: "commit"}}, "length"},
	{"a size that no file gives", "one byte", []step{{Do: "cut", To: 16471}, {Do: "size", To: 16471}, {Do: "commit"}}, "length"},
	{"a part cut short", "a byte more than a part", []step{{Do: "cut", Part: 1, To: 100}, {Do: "commit"}}, "digest"},
	{"the last part missing", "an empty chunk alone in the last part", []step{{Do: "drop", Part: 8}, {Do: "commit"}}, "root"},
	{
		"the last part missing, and a size to fit", "an empty chunk alone in the last part",
		[]step{{Do: "drop", Part: 8}, {Do: "size", To: 1968056}, {Do: "commit"}},
		"length",
	},
	{
		"the empty last chunk missing, and a size to fit", "a full chunk, and so an empty last one",
		[]step{{Do: "cut", To: 16456}, {Do: "size", To: 16456}, {Do: "commit"}},
		"length",
	},
	{"two parts swapped", "padding that fills parts of its own", []step{{Do: "swap", Part: 1, To: 2}}, "digest"},
	{"two parts swapped, and a root to fit", "padding that fills parts of its own", []step{{Do: "swap", Part: 1, To: 2}, {Do: "commit"}}, "auth"},
	{"padding that begins with a one", "one byte", []step{{Do: "plain", At: 1}}, "padding"},
	{"padding that ends with a one", "one byte", []step{{Do: "plain", At: 16383}}, "padding"},
	{"a one in a part of padding alone", "padding that fills parts of its own", []step{{Do: "plain", At: 9437183}}, "padding"},
}

func TestVectors(t *testing.T) {
	file := readVectors(t)
	if *add {
		addVectors(t, file)
	}
	if len(file.Valid) != len(recipes) || len(file.Invalid) != len(spoilings) {
		t.Errorf("there are %d + %d vectors, want %d + %d: run with -add", len(file.Valid), len(file.Invalid), len(recipes), len(spoilings))
	}
	for _, v := range file.Valid {
		t.Run(v.Name, v.run)
	}
	for _, v := range file.Invalid {
		t.Run(v.Name, func(t *testing.T) {
			of := slices.IndexFunc(file.Valid, func(o valid) bool { return o.Name == v.Of })
			if of < 0 || classes[v.Class] == nil {
				t.Fatalf("no vector %q, or no class %q", v.Of, v.Class)
			}
			b := file.Valid[of].blob().seal(t, fileOf(file.Valid[of].Length), file.Valid[of].PartSize)
			for _, s := range v.Steps {
				s.take(t, b)
			}
			refused(t, "so", b, classes[v.Class])
		})
	}
}

// blob returns a blob with the inputs of v, without parts.
func (v valid) blob() *blob {
	return &blob{
		secret: seal.SecretOf(wire.Row(v.Secret)), share: wire.ShareOf(wire.Row(v.Share)),
		id: wire.BlobID(v.ID), salt: seal.Salt(v.Salt),
	}
}

// vector seals the file of so many bytes into b and returns what came of it.
func (b *blob) vector(t *testing.T, name string, length int64, partSize int) valid {
	b.seal(t, fileOf(length), partSize)
	secret, share, key, token, header := b.secret.Reveal(), b.share.Reveal(), b.key().Reveal(), b.secret.ReadToken().Reveal(), b.header()
	v := valid{
		Name: name, Secret: secret[:], Share: share[:], ID: b.id[:], Salt: b.salt[:], Length: length, PartSize: partSize,
		ReadToken: token[:], Key: key[:], Padded: wire.PaddedSize(length), Size: b.params.Size, Header: header[:], Root: b.params.Root[:],
	}
	for i := range b.digests {
		v.Digests = append(v.Digests, b.digests[i][:])
	}
	return v
}

func (v valid) run(t *testing.T) {
	b := v.blob()
	got, want := toJSON(t, b.vector(t, v.Name, v.Length, v.PartSize)), toJSON(t, v)
	if !bytes.Equal(got, want) {
		t.Errorf("sealed:\n%s\nwant:\n%s", got, want)
	}
	if file, err := b.open(); err != nil || !bytes.Equal(file, fileOf(v.Length)) {
		t.Errorf("opened %d bytes: %v", len(file), err)
	}
}

func readVectors(t *testing.T) *vectors {
	file := new(vectors)
	text, err := os.ReadFile(vectorsPath)
	if errors.Is(err, os.ErrNotExist) && *add {
		return file
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// addVectors adds to file what is only among recipes and spoilings, and writes it.
func addVectors(t *testing.T, file *vectors) {
	file.Comment = "Test vectors of the sealed-file format: see docs/FORMAT.md, section 9. They are only ever added to."
	for _, r := range recipes {
		if !slices.ContainsFunc(file.Valid, func(v valid) bool { return v.Name == r.name }) {
			file.Valid = append(file.Valid, newBlob(r.name).vector(t, r.name, r.length, r.partSize))
		}
	}
	for _, s := range spoilings {
		if !slices.ContainsFunc(file.Invalid, func(v invalid) bool { return v.Name == s.Name }) {
			file.Invalid = append(file.Invalid, s)
		}
	}
	if err := os.WriteFile(vectorsPath, toJSON(t, file), 0o644); err != nil {
		t.Fatal(err)
	}
}

func toJSON(t *testing.T, v any) []byte {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// hexBytes are written in hexadecimal.
type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}
