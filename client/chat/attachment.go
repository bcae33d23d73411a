package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// An Attachment is what a message says of a blob. It opens the blob, so it prints as [key].
type Attachment struct {
	wire.Unprintable

	Server   Server // where the blob is; zero: at the server of the mailbox that the message came to
	Blob     wire.BlobID
	Secret   [32]byte
	Root     wire.Hash
	Size     int64  // |blob| in bytes
	PartSize int    // S in bytes
	Length   int64  // L, of the file, in bytes
	Name     string // of the file, safe to save under; see [CleanName]
	Type     string // the media type, in lower case and without parameters; empty if unknown
	AsIs     bool   // sent without stripping
}

// ParseAttachment is the inverse of [Attachment.Encode], but for a name that is not clean, which it cleans.
func ParseAttachment(b []byte) (Attachment, error) { return Attachment{}, ErrMalformed }

// Encode returns a, secret included, as messages carry it. It cleans the name.
func (a *Attachment) Encode() ([]byte, error) { return nil, ErrInvalid }

// CleanName returns the nearest name that is safe to save a file under, in any folder of any system, and to show.
func CleanName(name string) string { return "" }
