// Package media removes metadata from pictures, videos and sound before they are shared.
//
// A picture is never decoded and encoded again. [Strip] reads the structure of a file,
// decides which bytes a decoder needs in order to show it, and returns a [File] that reads
// as those bytes and nothing else. What survives is an allowlist: a segment, chunk or block
// that this package does not know is left out, and so is anything after the end of the
// picture. Exif, colour profiles and header structures are rebuilt from what is needed of
// them and never copied. [Verify] walks the result a second time, on its own, and accepts
// nothing but what the allowlist has.
//
// Everything works on an [io.ReaderAt] and a size, so that a file on disk, a byte slice and
// a browser's Blob are stripped by the same code, without a temporary copy, and with an
// exact size known before the first byte is sent.
//
// The package holds no more than [MaxMemory] bytes for one file, however large the file is
// and whatever is in it, and refuses what it cannot vouch for.
//
// What it cannot take out is what is in the picture or sound itself: what it shows, sensor
// noise, the tables and habits of the encoder, which in video may write its name between
// the pictures, and bytes that a decoder reads past without using inside the entropy-coded
// data of JPEG and WebP, whose end only a full decoder knows.
package media

import (
	"errors"
	"fmt"
	"io"
)

// Bounds on what one call holds in memory. A file that needs more is refused.
const (
	// MaxMemory is the most that Strip, Verify or Blocks holds for one file, in bytes.
	MaxMemory = 32 << 20

	maxPieces  = 1 << 17 // ranges in a File, 24 bytes each
	maxBlocks  = 1 << 16 // entries in Removed and Blocks
	maxLiteral = 8 << 20 // bytes that replace others
	maxProfile = 4 << 20 // a colour profile, in bytes
)

// Options says what to drop beyond metadata. The zero Options keeps what changes how the
// picture looks: its orientation and its colours.
type Options struct {
	DropOrientation bool // a portrait may then lie on its side
	DropProfile     bool // colours may then look dull
}

// ErrUnsupported reports that a file is of no format that this package can strip. It is
// never a reason to send the file as it is without asking.
var ErrUnsupported = errors.New("media: unsupported format")

// An UnsupportedError is an [ErrUnsupported] for a file whose format was recognised.
type UnsupportedError struct {
	Name string // as people call it: "HEIC", "PDF"
}

func (e *UnsupportedError) Error() string { return "media: " + e.Name + " is not supported" }

// Is reports that e is an [ErrUnsupported].
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

// A FormatError reports that a file breaks the rules of its format, so that Strip cannot
// vouch for what would be left of it, or Verify for what is there.
type FormatError struct {
	Format Format
	Offset int64 // where the trouble is, in bytes
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("media: %v at byte %d: %s", e.Format, e.Offset, e.Reason)
}

// Strip returns src, which is size bytes long, without its metadata.
// A nil opts means the zero Options.
//
// Strip reads src while it runs, and the returned File reads src again later, so src must
// neither change nor be closed before then. The same src and opts always give the same
// bytes; stripping a stripped file changes nothing.
//
// The error matches [ErrUnsupported], or is a [*FormatError], or wraps one of src's own.
func Strip(src io.ReaderAt, size int64, opts *Options) (*File, error) {
	if opts == nil {
		opts = new(Options)
	}
	p, err := scan(src, size, *opts)
	if err != nil {
		return nil, err
	}
	p.file.removed = p.removed()
	// The scan has inflated the picture to find where it ends; once is enough.
	err = verify(p.file, p.file.Size(), inflatedBefore)
	if err != nil {
		return nil, fmt.Errorf("media: the stripped file does not verify: %w", err)
	}
	return p.file, nil
}

// Verify reports whether src, which is size bytes long, holds only what Strip lets through,
// to the last byte. It shares no walk with Strip. The error is nil if so, and otherwise as
// for Strip.
func Verify(src io.ReaderAt, size int64) error {
	return verify(src, size, inflateNow)
}

// Blocks returns every block of src that carries metadata or could, in file order: what
// Strip with the zero Options takes out or rewrites, and what it keeps after a look inside.
// With an error come the blocks before the place of the trouble.
func Blocks(src io.ReaderAt, size int64) ([]Block, error) {
	p, err := scan(src, size, Options{})
	if p == nil {
		return nil, err
	}
	return p.sorted(), err
}

// scan plans the stripped file. The plan is nil only if the format is not supported.
func scan(src io.ReaderAt, size int64, opts Options) (*plan, error) {
	s := &source{r: src, size: size}
	f, err := s.format()
	if err != nil {
		return nil, err
	}
	p := &plan{source: s, opts: opts, file: &File{src: src, format: f}}
	switch f {
	case JPEG:
		err = scanJPEG(p)
	case PNG:
		err = scanPNG(p)
	case GIF:
		err = scanGIF(p)
	case WebP:
		err = scanWebP(p)
	default:
		err = scanBoxes(p)
	}
	return p, f.explain(err, size)
}

// Whether the verifying walk inflates compressed pictures to their last byte.
type inflation bool

const (
	inflateNow     inflation = false
	inflatedBefore inflation = true
)

func verify(src io.ReaderAt, size int64, z inflation) error {
	s := &source{r: src, size: size}
	f, err := s.format()
	if err != nil {
		return err
	}
	switch f {
	case JPEG:
		err = verifyJPEG(s)
	case PNG:
		err = verifyPNG(s, z)
	case GIF:
		err = verifyGIF(s)
	case WebP:
		err = verifyWebP(s)
	default:
		err = verifyBoxes(s, f)
	}
	return f.explain(err, size)
}

// explain completes an error that a walk of a file of format f ended with.
func (f Format) explain(err error, size int64) error {
	var bad *FormatError
	switch {
	case errors.As(err, &bad):
		bad.Format = f
	case err == errTruncated:
		return &FormatError{f, size, "the file ends too early"}
	}
	return err
}

// bad returns a FormatError; explain fills in its Format.
func bad(off int64, reason string) error {
	return &FormatError{Offset: off, Reason: reason}
}
