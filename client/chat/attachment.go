package chat

import (
	"fmt"
	"strings"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// sealFormat names the format of the blob, which docs/FORMAT.md gives.
const sealFormat = 1

// flagAsIs marks a file that was sent without stripping.
const flagAsIs = 1

// maxType is the length of the longest media type (RFC 6838, section 4.2: twice 127 and a slash; none comes near).
const maxType = 127

// An Attachment is what a message says of a blob. It opens the blob, so it prints as [key].
type Attachment struct {
	wire.Unprintable

	Server   Server // where the blob is; zero: at the server of the mailbox that the message came to
	Blob     wire.BlobID
	Secret   seal.Secret
	Root     seal.Root
	Size     int64  // |blob| in bytes
	PartSize int    // S in bytes
	Length   int64  // L, of the file, in bytes
	Name     string // of the file, safe to save under; see [CleanName]
	Type     string // the media type, in lower case and without parameters; empty if unknown
	AsIs     bool   // sent without stripping
}

// ParseAttachment is the inverse of [Attachment.Encode], but for a name that is not clean, which it cleans.
func ParseAttachment(b []byte) (Attachment, error) {
	a, err := parseAttachment(b)
	if err != nil {
		return Attachment{}, err
	}
	return *a, nil
}

func parseAttachment(b []byte) (*Attachment, error) {
	if err := checkAttachmentVersion(b); err != nil {
		return nil, err
	}
	a, c := new(Attachment), &cursor{b: b[2:]}
	flags := c.u8()
	c.must(flags&^flagAsIs == 0)
	a.AsIs = flags&flagAsIs != 0
	if elsewhere := c.u8(); elsewhere == 1 {
		a.Server = c.server()
	} else {
		c.must(elsewhere == 0)
	}
	a.Blob, a.Secret, a.Root = c.half(), seal.SecretOf(c.row()), c.row()
	a.Size, a.PartSize, a.Length = c.num(), int(c.u32()), c.num()
	a.Name, a.Type = c.string8(), c.string8()
	if err := c.end("attachment"); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%w attachment: %w", ErrMalformed, err)
	}
	a.Name = CleanName(a.Name)
	return a, nil
}

func checkAttachmentVersion(b []byte) error {
	if len(b) < 2 {
		return fmt.Errorf("%w attachment", ErrMalformed)
	}
	if b[0] != version || b[1] != sealFormat {
		return fmt.Errorf("%w (attachment of version %d, format %d)", ErrVersion, b[0], b[1])
	}
	return nil
}

// Encode returns a, secret included, as messages carry it. It cleans the name.
func (a *Attachment) Encode() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	b := builder{version, sealFormat}
	b.u8(a.flags())
	if a.Server == (Server{}) {
		b.u8(0)
	} else {
		b.u8(1)
		b.server(a.Server)
	}
	secret := a.Secret.Reveal()
	b.add(a.Blob[:], secret[:], a.Root[:])
	b.num(a.Size)
	b.u32(uint32(a.PartSize))
	b.num(a.Length)
	b.string8(CleanName(a.Name))
	b.string8(a.Type)
	return b, nil
}

func (a *Attachment) flags() uint8 {
	if a.AsIs {
		return flagAsIs
	}
	return 0
}

// check returns an error if no file is sealed to such a blob, or what describes it has no encoding.
func (a *Attachment) check() error {
	padded, ok := wire.PlainSize(a.Size)
	if !ok || a.Length < 0 || a.Length > wire.MaxFileSize || wire.PaddedSize(a.Length) != padded {
		return fmt.Errorf("%w: no file of %d bytes gives a blob of %d", ErrInvalid, a.Length, a.Size)
	}
	if !wire.ValidPartSize(a.PartSize, a.Size) {
		return fmt.Errorf("%w: a blob of %d bytes in parts of %d", ErrInvalid, a.Size, a.PartSize)
	}
	if !validType(a.Type) {
		return fmt.Errorf("%w: %.80q is not a media type", ErrInvalid, a.Type)
	}
	if a.Server != (Server{}) {
		return a.Server.check()
	}
	return nil
}

// validType reports whether s is empty or a media type in lower case, without parameters.
func validType(s string) bool {
	if s == "" {
		return true
	}
	major, minor, ok := strings.Cut(s, "/")
	return ok && len(s) <= maxType && major != "" && minor != "" && only(major+minor, isTypeByte)
}

func isTypeByte(c byte) bool { return isHostByte(c) || strings.IndexByte("!#$&^_.+", c) >= 0 }
