package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// A repeated is a source that begins with head, goes on with n bytes of a repeated pattern,
// and ends with tail. It stands in no memory.
type repeated struct {
	head, pattern []byte
	n             int64
	tail          []byte
}

func (r *repeated) size() int64 { return int64(len(r.head)) + r.n + int64(len(r.tail)) }

func (r *repeated) ReadAt(p []byte, off int64) (int, error) {
	got := 0
	for got < len(p) && off < r.size() {
		n := copy(p[got:], r.from(off))
		got, off = got+n, off+int64(n)
	}
	if got < len(p) {
		return got, io.EOF
	}
	return got, nil
}

// from returns some bytes at off.
func (r *repeated) from(off int64) []byte {
	if off < int64(len(r.head)) {
		return r.head[off:]
	}
	off -= int64(len(r.head))
	if off < r.n {
		b := r.pattern[off%int64(len(r.pattern)):]
		return b[:min(int64(len(b)), r.n-off)]
	}
	return r.tail[off-r.n:]
}

// TestMemoryIsBoundedByStructure strips files of many gigabytes.
func TestMemoryIsBoundedByStructure(t *testing.T) {
	huge := int64(10 << 30)
	size, scan := int64(8<<20), int64(256<<20)
	switch {
	case os.Getenv("MAYFLY_TEST_HUGE") != "":
		size, scan = 1<<30, huge // minutes
	case testing.Short() || raceEnabled:
		scan = size
	}
	head, tables, sos, data, eoi := parts()
	big := func(pattern string) []byte { return bytes.Repeat([]byte(pattern), (1<<20)/len(pattern)) }
	pngHead := bigHeader(100, 100)
	for _, test := range []struct {
		name   string
		src    *repeated
		reason string // "" if it is stripped
	}{
		{"a JPEG with a huge scan", &repeated{join(head, tables, sos, data), big("picture data, all of it\xff\x00"), scan, join(eoi, "Secret")}, ""},
		{"a JPEG with a huge trailer", &repeated{join(head, tables, sos, data, eoi), big("Secret"), huge, nil}, ""},
		{"a JPEG of comments", &repeated{head, big("\xff\xfe\x00\x0aSecret.."), huge / 12 * 12, join(tables, sos, data, eoi)}, "too many"},
		{"a JPEG of scans", &repeated{join(head, tables), join(sos, "A"), size / int64(len(sos)+1) * int64(len(sos)+1), eoi}, ""},
		{"a JPEG of scans and comments", &repeated{join(head, tables), join(sos, "A\xff\xfe\x00\x02"), huge / int64(len(sos)+5) * int64(len(sos)+5), eoi}, "too many"},
		{"a JPEG that is fill bytes", &repeated{head, big("\xff"), size, nil}, "too early"},
		{"a PNG of text", &repeated{pngHead, sample.Chunk("tEXt", "a\x00Secret"), huge / 20 * 20, nil}, "too many"},
		{"a PNG with one huge text", &repeated{join(pngHead, "\x7f\xff\xff\x00tEXt"), big("Secret"), 0x7fffff00, join("CRC.", idat(sample.Zlib(string(make([]byte, 100*401)))), sample.Chunk("IEND"))}, ""},
		{"a GIF of comments", &repeated{[]byte(gifHead), big("\x21\xfe\x06Secret\x00."[:10]), huge / 10 * 10, nil}, "too many"},
		{"a GIF with one huge comment", &repeated{[]byte(gifHead + "\x21\xfe"), big("\xff" + strings.Repeat("x", 255)), scan / 256 * 256, []byte("\x00" + gifFrame + subBlock(gifData) + "\x00;")}, ""},
		{"a GIF of pictures", &repeated{[]byte(gifHead), []byte(gifPicture), size / int64(len(gifPicture)) * int64(len(gifPicture)), []byte(";")}, ""},
		{"a WebP of chunks", &repeated{sample.WebP(header(0), lossy), big("SECR\x00\x00\x00\x00"), 2 << 30, nil}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f *File
			var err error
			if n := sample.Allocated(func() { f, err = Strip(test.src, test.src.size(), nil) }); n > MaxMemory {
				t.Errorf("%d MiB were allocated", n>>20)
			}
			var bad *FormatError
			switch {
			case test.reason == "" && err != nil:
				t.Fatal(err)
			case test.reason == "":
				b := make([]byte, min(64, f.Size()))
				if _, err := f.ReadAt(b, f.Size()-int64(len(b))); err != nil || bytes.Contains(b, []byte("Secret")) {
					t.Errorf("the end reads %q, %v", b, err)
				}
			case !errors.As(err, &bad) || !strings.Contains(bad.Reason, test.reason):
				t.Errorf("got %v, want a reason with %q", err, test.reason)
			}
		})
	}
}

// bigMovie returns the header of a video of 10 GiB in n chunks, each of video, then sound,
// then telemetry; with a chunk of each in units bytes.
func bigMovie(n int, video, sound, telemetry int64) *repeated {
	unit := video + sound + telemetry
	tables := func(first, size int64) string {
		var offsets []byte
		for i := range int64(n) {
			offsets = binary.BigEndian.AppendUint64(offsets, uint64(first+i*unit))
		}
		return sample.Box("stts", sample.U32s(0, 1, n, 100)) + sample.Box("stsc", sample.U32s(0, 1, 1, 1, 1)) +
			sample.Box("stsz", sample.U32s(0, int(size), n)) + sample.Box("co64", sample.U32s(0, n), string(offsets))
	}
	build := func(at int64) []byte {
		v, a, d := sample.Video(1), sample.Audio(2), sample.Telemetry(3)
		v.Tables, a.Tables, d.Tables = tables(at, video), tables(at+video, sound), tables(at+video+sound, telemetry)
		b := sample.Movie("isom\x00\x00\x00\x00isom", sample.UserData(), v, a, d)
		b = b[:bytes.LastIndex(b, []byte("mdat"))-4]
		b = append(b, "\x00\x00\x00\x01mdat"...)
		return binary.BigEndian.AppendUint64(b, uint64(16+unit*int64(n)))
	}
	head := build(0)
	return &repeated{build(int64(len(head))), bytes.Repeat([]byte("Secret"), 1<<15), unit * int64(n), []byte(sample.Box("free", "Secret"))}
}

// fragments returns a video of n fragments, with or without telemetry in each.
func fragments(n int64, telemetry bool) *repeated {
	b := sample.Fragmented()
	first := bytes.Index(b, []byte("moof")) - 4
	each := b[first : first+(len(b)-first)/2]
	if !telemetry {
		each = each[:bytes.LastIndex(each, []byte("traf"))-4]
		each = append(bytes.Clone(each), sample.Box("mdat", "12345678,")...)
		moof := len(each) - 17
		binary.BigEndian.PutUint32(each, uint32(moof))
		binary.BigEndian.PutUint32(each[bytes.Index(each, []byte("trun"))+12:], uint32(moof+8))
	}
	return &repeated{b[:first], each, n * int64(len(each)), nil}
}

func TestMemoryOfBigMovies(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	for _, test := range []struct {
		name   string
		src    *repeated
		reason string
	}{
		{"ten gigabytes in many chunks", bigMovie(100_000, 100<<10, 4<<10, 0), ""},
		{"ten gigabytes with telemetry", bigMovie(20_000, 500<<10, 20<<10, 4<<10), ""},
		{"telemetry without end", bigMovie(100_000, 10, 10, 10), "too many places"},
		{"fragments", fragments(30_000, false), ""},
		{"fragments with telemetry", fragments(15_000, true), ""},
		{"a box with boxes without end", &repeated{[]byte(sample.Box("ftyp", "isom\x00\x00\x00\x00isom")), []byte(sample.Box("free", "Secret..")), 10 << 30 / 16 * 16, nil}, "too many boxes"},
		{"sizes without end", &repeated{[]byte(sample.Box("ftyp", "isom\x00\x00\x00\x00isom") + "\x7f\xff\xff\xf0moov"), []byte(sample.Box("trak")), 0x7fffffe8, nil}, "too many"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f *File
			var err error
			n := sample.Allocated(func() { f, err = Strip(test.src, test.src.size(), nil) })
			if t.Logf("%d MiB were allocated", n>>20); n > MaxMemory {
				t.Errorf("%d MiB were allocated", n>>20)
			}
			var bad *FormatError
			if test.reason != "" {
				if !errors.As(err, &bad) || !strings.Contains(bad.Reason, test.reason) {
					t.Errorf("got %v, want a reason with %q", err, test.reason)
				}
				return
			}
			if err != nil || f.Size() != test.src.size()-int64(len(test.src.tail)) {
				t.Fatal(err)
			}
		})
	}
}

// A WebP whose RIFF header counts chunks without end.
func TestManyWebPChunksAreRefused(t *testing.T) {
	src := &repeated{sample.WebP(header(0), lossy), bytes.Repeat([]byte("SECR\x00\x00\x00\x00"), 1<<12), 1 << 30, nil}
	binary.LittleEndian.PutUint32(src.head[4:], uint32(src.size()-8))
	var err error
	if n := sample.Allocated(func() { _, err = Strip(src, src.size(), nil) }); n > MaxMemory {
		t.Errorf("%d MiB were allocated", n>>20)
	}
	var bad *FormatError
	if !errors.As(err, &bad) || !strings.Contains(bad.Reason, "too many") {
		t.Errorf("got %v", err)
	}
}

// TestMemoryOfBigProfiles strips pictures with the largest profile there may be.
func TestMemoryOfBigProfiles(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	table := "curv\x00\x00\x00\x00" + string(binary.BigEndian.AppendUint32(nil, (maxProfile-32768)/2)) + strings.Repeat("ab", (maxProfile-32768)/2)
	profile := sample.ICC([][2]string{{"kTRC", table}})
	smallProfile := sample.ICC([][2]string{{"desc", "SecretText" + strings.Repeat(" ", 200)}, {"kTRC", "curv\x00\x00\x00\x00" + string(binary.BigEndian.AppendUint32(nil, 1<<20-32768)) + strings.Repeat("ab", 1<<20-32768)}})
	var segments [][]byte
	for rest := string(profile); rest != ""; {
		n := min(len(rest), iccPerSegment)
		segments = append(segments, sample.Segment(0xe2, idICC, string([]byte{byte(len(segments) + 1), byte(len(profile)/iccPerSegment + 1)}), rest[:n]))
		rest = rest[n:]
	}
	head, data, iend := pngParts()
	for name, b := range map[string][]byte{
		"JPEG": jpegOf(segments...),
		"PNG":  join(head, sample.Chunk("iCCP", "Secret\x00\x00", sample.Zlib(string(profile))), idat(data), iend),
		"GIF":  join(gifHead, appendSubBlocks([]byte(gifProfile), profile), gifPicture+";"),
		"WebP": sample.WebP(header(0x20), riff("ICCP", string(profile)), lossy),
		"HEIC": sample.HEIF("heic\x00\x00\x00\x00mif1heic", []sample.Item{{ID: 1, Type: "hvc1", Data: "picture", Props: []int{1, 2}}},
			[]string{sample.Box("colr", "prof", string(smallProfile)), sample.Box("ispe", string(make([]byte, 12)))}, "", ""),
	} {
		if n := sample.Allocated(func() {
			f, err := Strip(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil || len(f.Removed()) == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}); n > MaxMemory {
			t.Errorf("%s: %d MiB were allocated", name, n>>20)
		} else {
			t.Logf("%s: %d MiB were allocated", name, n>>20)
		}
		noSecrets(t, strip(t, b, nil))
	}
}
