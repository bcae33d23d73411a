package client

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A File is something to send.
type File struct {
	Name    string      // told to the recipients, sealed; "" means [media.SafeName]
	Content io.ReaderAt // read from several goroutines
	Size    int64       // in bytes
	ModTime time.Time   // zero where there is none

	// Stat returns what Size and ModTime are now, so that a change is noticed before anything is sent of it. Nil means
	// that the content cannot change.
	Stat func() (size int64, modTime time.Time, err error)
}

// A source is a file as it will be sealed.
type source struct {
	file    *File
	content io.ReaderAt
	length  int64
	format  media.Format // zero if it is sent as it is and of no known format
	asIs    bool
	plan    wire.Hash // of what is kept and what is left out
	strip   *media.Options
}

// open reads the structure of a file and decides what of it is sent.
func (f *File) open(asIs bool, strip *media.Options) (*source, *media.File, error) {
	if err := f.refresh(); err != nil {
		return nil, nil, err
	}
	if asIs {
		return f.openAsIs()
	}
	stripped, err := media.Strip(f.Content, f.Size, strip)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	return &source{
		file: f, content: stripped, length: stripped.Size(), format: stripped.Format(), plan: planOf(f.Size, stripped),
		strip: strip,
	}, stripped, nil
}

func (f *File) openAsIs() (*source, *media.File, error) {
	head := make([]byte, min(f.Size, media.SniffLen))
	if _, err := io.ReadFull(io.NewSectionReader(f.Content, 0, f.Size), head); err != nil {
		return nil, nil, err
	}
	return &source{
		file: f, content: f.Content, length: f.Size, format: media.Detect(head), asIs: true, plan: planOf(f.Size, nil),
	}, nil, nil
}

// refresh takes over what the file has become.
func (f *File) refresh() (err error) {
	if f.Stat != nil {
		f.Size, f.ModTime, err = f.Stat()
	}
	if err == nil && f.Size > wire.MaxFileSize {
		err = fmt.Errorf("%w: a file has at most 64 GiB", ErrTooLarge)
	}
	return err
}

// planOf digests which ranges of the original are left out.
func planOf(size int64, stripped *media.File) wire.Hash {
	h := sha256.New()
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(size))
	if stripped != nil {
		b = binary.BigEndian.AppendUint64(b, uint64(stripped.Size()))
		for _, r := range stripped.Removed() {
			b = binary.BigEndian.AppendUint64(b, uint64(r.Offset))
			b = binary.BigEndian.AppendUint64(b, uint64(r.Size))
		}
	}
	h.Write(b)
	return wire.Hash(h.Sum(nil))
}

// unchanged reports whether the file still is what it was opened as.
func (s *source) unchanged() error {
	if s.file.Stat == nil {
		return nil
	}
	size, modTime, err := s.file.Stat()
	if err != nil {
		return err
	}
	if size != s.file.Size || !modTime.Equal(s.file.ModTime) {
		return ErrChanged
	}
	now, _, err := s.file.open(s.asIs, s.strip)
	if err != nil || now.plan != s.plan {
		return ErrChanged
	}
	return nil
}

// name returns what the recipients are told that the file is called.
func (s *source) name() string {
	switch {
	case s.file.Name != "":
		return s.file.Name
	case s.format == 0:
		return "file"
	}
	return media.SafeName(s.format)
}

// mediaType returns what the recipients are told that the file is.
func (s *source) mediaType() string {
	if s.format == 0 {
		return wire.TypeBytes
	}
	return s.format.MediaType()
}
