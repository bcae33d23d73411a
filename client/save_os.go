//go:build !js

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Saved is a file that was received.
type Saved struct {
	Path    string
	Bytes   int64
	Type    string // media type, as the sender says
	AsIs    bool   // the sender says that nothing was stripped
	Warning error  // not nil if it may tell more than itself: it was sent as it is, or stripped by something else
}

// A downloadRecord remembers a download, so that it can be gone on with, and is not made twice. It goes with its message.
type downloadRecord struct {
	Path   string // of the unfinished file
	Header []byte // of part 0
	Final  string // what the file is called, or is about to be; empty before that
}

// An unfinishedRecord says which message an unfinished file goes with.
type unfinishedRecord struct{ Path, Message string }

// removeUnfinished removes the unfinished files of messages that are gone.
func (c *Client) removeUnfinished() error {
	var gone []string
	for _, value := range c.Ring.All(kindUnfinished) {
		var rec unfinishedRecord
		if err := decodeRecord(kindUnfinished, value, &rec); err != nil {
			return err
		}
		if _, _, ok := c.Ring.At(kindMessage, rec.Message); !ok {
			gone = append(gone, rec.Path)
		}
	}
	for _, path := range gone {
		if err := c.removePart(path); err != nil {
			return err
		}
	}
	return nil
}

// removePart removes an unfinished file, and every trace of it from the ring.
func (c *Client) removePart(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return c.Ring.Erase(keyring.Ref{Kind: kindUnfinished, ID: filepath.Base(path)})
}

// Save fetches attachment i of a message into the folder dir, under its name or, where there is such a file already,
// that name with a number. The file appears there once it is whole; until then it is a hidden ".mayfly-….part". After
// a failure the same call goes on where it stopped: no part that arrived is fetched again.
func (c *Client) Save(ctx context.Context, m *Received, i int, dir string, progress func(done, total int64)) (*Saved, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &saving{c: c, a: m.Attachments[i], name: fmt.Sprintf("%s/%d", m.ID, i), message: m.ID, dir: dir}
	known, err := c.get(kindDownload, s.name, &s.rec)
	if err != nil {
		return nil, err
	}
	if known && s.placed() {
		return s.saved()
	}
	if s.d, err = c.openDownload(ctx, s.a); err != nil {
		return nil, err
	}
	s.d.progress = progress
	if err := s.open(known); err != nil {
		return nil, err
	}
	defer s.file.Close()
	if err := s.d.run(ctx, s, s.has); err != nil {
		return nil, err
	}
	return s.finish()
}

// A saving is an unfinished file. It is an [io.WriterAt].
type saving struct {
	c       *Client
	d       *download
	a       *chat.Attachment
	name    string // in the ring
	message string // in the ring
	dir     string
	rec     downloadRecord
	file    *os.File

	sealer *seal.Sealer // to recognise what an earlier run wrote
}

// placed reports whether an earlier run got as far as to give the file its name in this folder.
func (s *saving) placed() bool {
	if s.rec.Final == "" || !sameFolder(filepath.Dir(s.rec.Final), s.dir) {
		return false
	}
	final, err := os.Lstat(s.rec.Final)
	if err != nil {
		return false
	}
	part, err := os.Lstat(s.rec.Path)
	if err != nil {
		return final.Mode().IsRegular() && final.Size() == s.a.Length
	}
	return os.SameFile(final, part)
}

func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// open goes on with an unfinished file, or begins one.
func (s *saving) open(known bool) error {
	if known && sameFolder(filepath.Dir(s.rec.Path), s.dir) && s.reopen() {
		return nil
	}
	if known { // in another folder, or not to be opened
		if err := s.c.removePart(s.rec.Path); err != nil {
			return err
		}
	}
	return s.begin()
}

func (s *saving) reopen() bool {
	file, err := os.OpenFile(s.rec.Path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	s.file = file
	if len(s.rec.Header) != wire.HeaderSize {
		return true
	}
	header := [wire.HeaderSize]byte(s.rec.Header)
	s.d.header = &header
	s.sealer, err = seal.NewSealer(s.d.key, seal.Salt(header[:len(seal.Salt{})]), s.a.Length, s.a.PartSize)
	return err == nil
}

// begin makes a new unfinished file. The ring knows of it before it is there, so that none is ever left behind.
func (s *saving) begin() error {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.rec = downloadRecord{Path: filepath.Join(dir, ".mayfly-"+strings.ToLower(newName())+".part")}
	rec := unfinishedRecord{Path: s.rec.Path, Message: s.message}
	if err := s.c.put(keyring.Never, kindUnfinished, filepath.Base(s.rec.Path), rec); err != nil {
		return err
	}
	if err := s.save(); err != nil {
		return err
	}
	s.file, err = os.OpenFile(s.rec.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

func (s *saving) save() error {
	bucket, _, ok := s.c.Ring.At(kindMessage, s.message)
	if !ok {
		return ErrGone
	}
	return s.c.put(bucket, kindDownload, s.name, s.rec)
}

// has reports whether an earlier run wrote part i: what is there is sealed again, and must have the part's digest. So
// nothing has to be remembered of parts, and a file that lost bytes with the power is found out.
func (s *saving) has(i int) bool {
	if s.sealer == nil {
		return false
	}
	part, err := s.sealer.Part(nil, i, s.file)
	return err == nil && s.d.verifier.Check(i, part) == nil
}

// WriteAt implements [io.WriterAt]. The header is in the ring before anything is in the file.
func (s *saving) WriteAt(p []byte, off int64) (int, error) {
	if off == 0 && len(s.rec.Header) == 0 {
		s.rec.Header = s.d.header[:]
		if err := s.save(); err != nil {
			return 0, err
		}
	}
	return s.file.WriteAt(p, off)
}

// finish gives the file its name, the first one that is free.
func (s *saving) finish() (*Saved, error) {
	if err := s.file.Truncate(s.a.Length); err != nil {
		return nil, err
	}
	if err := errors.Join(s.file.Sync(), s.file.Close()); err != nil {
		return nil, err
	}
	for n := 1; n < 10000; n++ {
		// The name is in the ring before the file has it: whoever dies in between does not save a second one.
		s.rec.Final = filepath.Join(filepath.Dir(s.rec.Path), numbered(cmp.Or(s.a.Name, "file"), n))
		if _, err := os.Lstat(s.rec.Final); err == nil {
			continue
		}
		if err := s.save(); err != nil {
			return nil, err
		}
		if err := place(s.rec.Path, s.rec.Final); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		return s.saved()
	}
	return nil, fmt.Errorf("client: %s has ten thousand files called %s", s.dir, s.a.Name)
}

// place gives a file its name. A link fails where the name is taken, even if somebody takes it this moment; file systems
// without links get the next best.
func place(part, final string) error {
	err := os.Link(part, final)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(part, final)
}

// saved removes what is left of an unfinished file, and has the receiver's own walk over the finished one.
func (s *saving) saved() (*Saved, error) {
	if err := s.c.removePart(s.rec.Path); err != nil {
		return nil, err
	}
	f, err := os.Open(s.rec.Final)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return &Saved{
		Path: filepath.Join(s.dir, filepath.Base(s.rec.Final)), Bytes: s.a.Length, Type: s.a.Type, AsIs: s.a.AsIs,
		Warning: checkReceived(s.a, f),
	}, nil
}

// errAsIs warns of a file that its sender did not strip.
var errAsIs = errors.New("it was sent as it is, with all that it tells beside itself")

func checkReceived(a *chat.Attachment, r io.ReaderAt) error {
	if a.AsIs {
		return errAsIs
	}
	if err := media.Verify(r, a.Length); err != nil {
		return fmt.Errorf("it was not stripped as we would have done it: %w", err)
	}
	return nil
}

// maxName is how long the name of a file may be, in bytes, on most file systems.
const maxName = 255

// numbered returns "photo.jpg", "photo-2.jpg", "photo-3.jpg" and so on. Where the name is long it loses its end to the
// number, and never its extension.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	if len(ext) > 32 { // that is none
		ext = ""
	}
	stem, number := strings.TrimSuffix(name, ext), "-"+strconv.Itoa(n)
	for len(stem)+len(number)+len(ext) > maxName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return stem + number + ext
}
