package media

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// padding returns n bytes that are not zero.
func padding(n int) string { return string(bytes.Repeat([]byte{'x'}, n)) }

const (
	curve = "curv\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\xff\xff"
	gamma = "para\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x33\x33"
)

// lut returns a lutAToBType or lutBToAType with all of its parts, one in one channel out, and
// something hidden between and behind them.
func lut(sig string) string {
	b := []byte(sig + "\x00\x00\x00\x00\x01\x01\x00\x00")
	b = append(b, make([]byte, 20)...)
	for i, part := range []string{gamma, padding(48), curve, "\x02" + string(make([]byte, 15)) + "\x01xxx\x10\xf0", gamma} {
		binary.BigEndian.PutUint32(b[12+4*i:], uint32(len(b)))
		b = append(b, part...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		b = append(b, "Secret__"...)
	}
	return string(b)
}

func lut8() string {
	return "mft1\x00\x00\x00\x00\x01\x01\x02\x00" + string(make([]byte, 36)) + padding(256+2+256)
}

func lut16() string {
	return "mft2\x00\x00\x00\x00\x01\x01\x02\x00" + string(make([]byte, 36)) + "\x00\x02\x00\x02" + padding(2*(2+2+2))
}

func elements() string {
	element := "matf\x00\x00\x00\x00\x00\x01\x00\x01" + padding(8)
	return "mpet\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01\x00\x00\x00\x20\x00\x00\x00\x14Secret__" + element
}

// profiles returns profiles with every type of tag that is kept, by name.
func profiles() map[string][]byte {
	v4 := sample.ICC([][2]string{{"A2B0", lut("mAB ")}, {"B2A0", lut("mBA ")}, {"D2B0", elements()}, {"cicp", "cicp\x00\x00\x00\x00\x01\x0d\x00\x01"}})
	v4[8] = 4
	return map[string][]byte{
		"of version 2":  sample.Profile(),
		"of version 4":  v4,
		"with tables":   sample.ICC([][2]string{{"A2B0", lut8()}, {"A2B1", lut16()}, {"gamt", lut8()}, {"kTRC", curve}}),
		"of parameters": sample.ICC([][2]string{{"kTRC", gamma}, {"chad", "sf32\x00\x00\x00\x00" + padding(36)}}),
		"with no tags":  sample.ICC(nil),
	}
}

func TestProfilesKeepColoursAndNothingElse(t *testing.T) {
	for name, b := range profiles() {
		p := reduceProfile(b)
		if p == nil {
			t.Fatalf("a profile %s: is taken for none", name)
		}
		noSecrets(t, p)
		if !checkProfile(p) {
			t.Errorf("a profile %s: does not check: %q", name, p)
		}
		if checkProfile(b) {
			t.Errorf("a profile %s: checks before it was reduced", name)
		}
		if again := reduceProfile(p); !bytes.Equal(again, p) {
			t.Errorf("a profile %s: reducing twice gave\n%q, want\n%q", name, again, p)
		}
	}
}

// tags returns the signatures in the table of a profile.
func tags(p []byte) string {
	var s string
	for i := range int(binary.BigEndian.Uint32(p[128:])) {
		s += " " + string(p[132+12*i:][:4])
	}
	return s
}

func TestProfileTagsThatAreKept(t *testing.T) {
	for name, want := range map[string]string{
		"of version 2":  " desc cprt wtpt rXYZ gXYZ bXYZ rTRC gTRC bTRC",
		"of version 4":  " desc cprt A2B0 B2A0 D2B0 cicp",
		"with tables":   " desc cprt A2B0 A2B1 gamt kTRC",
		"of parameters": " desc cprt kTRC chad",
		"with no tags":  " desc cprt",
	} {
		if got := tags(reduceProfile(profiles()[name])); got != want {
			t.Errorf("a profile %s: got%s, want%s", name, got, want)
		}
	}
}

func TestBrokenProfiles(t *testing.T) {
	good := sample.Profile()
	edit := func(f func([]byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	for _, test := range []struct {
		name string
		b    []byte
		want string // its tags, or "" for no profile
	}{
		{"empty", nil, ""},
		{"without its signature", edit(func(b []byte) { b[36] = 'x' }), ""},
		{"of an unknown class", edit(func(b []byte) { b[12] = 'x' }), ""},
		{"of an unknown colour space", edit(func(b []byte) { b[16] = 'x' }), ""},
		{"of more tags than there is room for", edit(func(b []byte) { b[129] = 1 }), ""},
		{"cut off in the table", good[:140], ""},
		{"cut off behind the white point", good[:binary.BigEndian.Uint32(good[132+12*3+4:])], " desc cprt wtpt"},
		{"with a tag that lies outside", edit(func(b []byte) { b[132+12*2+4] = 0x7f }), " desc cprt rXYZ gXYZ bXYZ rTRC gTRC bTRC"},
		{"with a curve longer than itself", sample.ICC([][2]string{{"kTRC", "curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00"}}), " desc cprt"},
		{"with a grid that overflows", sample.ICC([][2]string{{"A2B0", "mft1\x00\x00\x00\x00\xff\xff\xff\x00" + padding(600)}}), " desc cprt"},
		{"with a tag twice", sample.ICC([][2]string{{"kTRC", curve}, {"kTRC", gamma}}), " desc cprt kTRC"},
		{"with a text for a curve", sample.ICC([][2]string{{"kTRC", "text\x00\x00\x00\x00Secret text"}}), " desc cprt"},
	} {
		p := reduceProfile(test.b)
		if test.want == "" {
			if p != nil {
				t.Errorf("a profile %s: got tags%s, want none", test.name, tags(p))
			}
			continue
		}
		if p == nil || tags(p) != test.want {
			t.Errorf("a profile %s: got %q, want%s", test.name, p, test.want)
		}
	}
}

func TestCheckProfileRefusesEveryChangedByteThatIsNoColour(t *testing.T) {
	p := reduceProfile(sample.Profile())
	for i := range p {
		q := bytes.Clone(p)
		q[i] ^= 0x55
		if !checkProfile(q) {
			continue
		}
		if again := reduceProfile(q); !bytes.Equal(again, q) {
			t.Errorf("byte %d may be anything, and reduceProfile does not keep it", i)
		}
	}
	if longer := append(bytes.Clone(p), 0); checkProfile(longer) {
		t.Error("a byte behind the profile is accepted")
	}
}
