package keyring

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// logLine begins the file of a bucket.
const logLine = "mayfly/records/v1\n"

// A logName is the random name of the file of a bucket.
type logName [16]byte

func (n logName) String() string { return hex.EncodeToString(n[:]) }

// isLogName reports whether name is that of a bucket's file, so that whatever else lies in a home is left alone.
func isLogName(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == len(logName{}) && hex.EncodeToString(b) == name
}

// A log is the file of one bucket: logLine, and entries that are only ever added. The file of a bucket that holds
// nothing need not be there.
//
//	entry    n (4), ^n (4), box of n bytes, sealed with context logLine || name || index of the entry (8)
//	in it    kind of entry (1), number in the ring (8), length (1) and kind, length (1) and id, value
//
// The index keeps entries where they are and the name keeps them in their file, so that only the end of a log can be
// missing. What a crash cut short is dropped when it is read, and overwritten by the next entry.
type log struct {
	store store
	name  logName
	key   key
	size  int64  // of what is good, in bytes
	count uint64 // entries
}

func newLog(s store) *log {
	l := &log{store: s, key: newKey()}
	rand.Read(l.name[:])
	return l
}

// An op is the kind of an entry.
type op uint8

const (
	opPut    op = 1
	opDelete op = 2
)

// An entry is one line of a log.
type entry struct {
	op    op
	seq   uint64 // ever higher through all logs of a ring: of two entries for one record the higher one holds
	ref   Ref
	value []byte
}

const (
	entryHead = 8
	entryMin  = overhead + 1 + 8 + 1 + 1
	entryMax  = entryMin + 2*MaxName + MaxValue
)

// seal appends to dst the sealed entry with that index.
func (l *log) seal(dst []byte, e *entry, index uint64) []byte {
	n := uint32(entryMin + len(e.ref.Kind) + len(e.ref.ID) + len(e.value))
	dst = binary.BigEndian.AppendUint32(dst, n)
	dst = binary.BigEndian.AppendUint32(dst, ^n)
	return l.key.seal(dst, e.encode(), l.context(index))
}

func (l *log) context(index uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(logLine), l.name[:]...), index)
}

// append adds entries, all in one write, and returns the size of each on disk. After an error any part of them may be
// in the file, behind what is good: see cut.
func (l *log) append(entries ...*entry) ([]int, error) {
	var buf []byte
	if l.size == 0 {
		buf = append(buf, logLine...)
	}
	sizes := make([]int, len(entries))
	for i, e := range entries {
		start := len(buf)
		buf = l.seal(buf, e, l.count+uint64(i))
		sizes[i] = len(buf) - start
	}
	if err := l.store.append(l.name.String(), l.size, buf); err != nil {
		return nil, fmt.Errorf("keyring: writing a record: %w", err)
	}
	l.size += int64(len(buf))
	l.count += uint64(len(entries))
	return sizes, nil
}

// cut removes what is behind the good part.
func (l *log) cut() error { return l.store.append(l.name.String(), l.size, nil) }

// read calls add with every entry and its size on disk.
func (l *log) read(add func(e *entry, size int)) error {
	f, err := l.store.open(l.name.String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	br := bufio.NewReaderSize(f, 64<<10)
	if whole, err := l.readLine(br); err != nil || !whole {
		return err
	}
	for {
		e, size, err := l.next(br)
		if err == errTorn {
			return nil
		}
		if err != nil {
			return err
		}
		add(e, size)
		l.size += int64(size)
		l.count++
	}
}

// errTorn says that a log ends here: at its end, or where a crash cut an entry short.
var errTorn = errors.New("keyring: end of the log")

// readLine reads the first line. A part of it, or zeros, is all that a crash may have left of a log.
func (l *log) readLine(br *bufio.Reader) (whole bool, err error) {
	line, err := br.Peek(len(logLine))
	switch {
	case err != nil && err != io.EOF:
		return false, err
	case err == io.EOF && bytes.HasPrefix([]byte(logLine), line):
		return false, nil
	case line[0] == 0:
		if err := l.unwritten(bytes.Clone(line), br); err != errTorn {
			return false, err
		}
		return false, nil
	}
	if _, err := cutLine(line, logLine); err != nil {
		return false, l.damaged(err)
	}
	l.size = int64(len(logLine))
	_, err = br.Discard(len(logLine))
	return true, err
}

// next reads one entry.
func (l *log) next(br *bufio.Reader) (e *entry, size int, err error) {
	var head [entryHead]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return nil, 0, tornAtEOF(err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n != ^binary.BigEndian.Uint32(head[4:]) || n < entryMin || n > entryMax {
		return nil, 0, l.unwritten(head[:], br)
	}
	box := make([]byte, n)
	if _, err := io.ReadFull(br, box); err != nil {
		return nil, 0, tornAtEOF(err)
	}
	plain, err := l.key.open(box, l.context(l.count))
	if err != nil {
		return nil, 0, l.lastOrDamaged(br)
	}
	e = new(entry)
	if !e.decode(plain) {
		return nil, 0, l.damaged(ErrCorrupt)
	}
	return e, entryHead + int(n), nil
}

func tornAtEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errTorn
	}
	return err
}

// unwritten tells zeros up to the end, which a power cut may leave where a write had begun, from damage.
func (l *log) unwritten(head []byte, br *bufio.Reader) error {
	for err := error(nil); ; {
		if slices.ContainsFunc(head, func(c byte) bool { return c != 0 }) {
			return l.damaged(ErrCorrupt)
		}
		if err != nil {
			return tornAtEOF(err)
		}
		var n int
		n, err = br.Read(head)
		head = head[:n]
	}
}

// lastOrDamaged tells the last entry, which a power cut may leave unfinished, from one in the middle.
func (l *log) lastOrDamaged(br *bufio.Reader) error {
	if _, err := br.Peek(1); err != nil {
		return tornAtEOF(err)
	}
	return l.damaged(ErrCorrupt)
}

func (l *log) damaged(err error) error {
	if errors.Is(err, ErrVersion) {
		return fmt.Errorf("%s: %w", l.store.path(l.name.String()), err)
	}
	return fmt.Errorf("%w: %s, after %d records: restore it with the rest of a copy of this home, or remove that file to go on without what it holds",
		err, l.store.path(l.name.String()), l.count)
}

func (e *entry) encode() []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, entryMin+len(e.ref.Kind)+len(e.ref.ID)+len(e.value)))
	b.AddUint8(uint8(e.op))
	b.AddUint64(e.seq)
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(e.ref.Kind)) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(e.ref.ID)) })
	b.AddBytes(e.value)
	return b.BytesOrPanic() // kind and id are within MaxName
}

// decode is the inverse of encode. The value of e is a part of plain.
func (e *entry) decode(plain []byte) bool {
	s := cryptobyte.String(plain)
	var kind, id cryptobyte.String
	ok := s.ReadUint8((*uint8)(&e.op)) && s.ReadUint64(&e.seq) &&
		s.ReadUint8LengthPrefixed(&kind) && s.ReadUint8LengthPrefixed(&id)
	e.ref, e.value = Ref{string(kind), string(id)}, s
	return ok && (e.op == opPut || e.op == opDelete && len(s) == 0)
}
