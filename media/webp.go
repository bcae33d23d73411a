package media

import (
	"bytes"
	"encoding/binary"
)

// Feature flags in the first byte of a VP8X chunk.
const (
	vp8xAnimation = 0x02
	vp8xXMP       = 0x04
	vp8xExif      = 0x08
	vp8xAlpha     = 0x10
	vp8xICC       = 0x20
)

// A riffChunk is a chunk of a RIFF file: type, length, n bytes of data, and one more byte
// if n is odd.
type riffChunk struct {
	off, n int64
	typ    string
}

func (c riffChunk) data() int64 { return c.off + 8 }
func (c riffChunk) end() int64  { return c.off + 8 + c.n + c.n&1 }

// riffChunk returns the chunk at off in a file or list that ends at end. The last one may
// lack its padding.
func (s *source) riffChunk(off, end int64) (riffChunk, error) {
	if end-off < 8 {
		return riffChunk{}, bad(off, "a chunk is cut off")
	}
	b, err := s.at(off, 8)
	if err != nil {
		return riffChunk{}, err
	}
	c := riffChunk{off, int64(binary.LittleEndian.Uint32(b[4:])), string(b[:4])}
	if c.data()+c.n > end {
		return riffChunk{}, bad(off, "a chunk is cut off")
	}
	return c, nil
}

// A webpScan reads a WebP file. What it keeps comes out in the order that the format
// prescribes, whatever order it stood in.
type webpScan struct {
	*plan
	vp8x    []byte // its 10 bytes; nil in a simple file
	anim    riffChunk
	image   []riffChunk // ALPH and VP8, or VP8L, or the frames
	profile []byte
	exif    []byte
	saved   int // index in blocks plus one of the eXIf block that exif is from
}

func scanWebP(p *plan) error {
	w := &webpScan{plan: p}
	end, whole, err := w.riffEnd()
	if err != nil {
		return err
	}
	for off := int64(12); off < end; {
		c, err := p.riffChunk(off, end)
		if err != nil && whole && w.hasPicture() && !w.animated() {
			w.drop(Structure, "chunk", off, end-off)
			break
		}
		if err != nil {
			return err
		}
		if err := w.chunk(c); err != nil {
			return err
		}
		off = c.end()
	}
	w.drop(Trailer, trailerName(w.prefix(end, 12)), end, w.size-end)
	return w.finish()
}

// riffEnd returns where the RIFF form ends, and whether all of it is there. Some writers
// count the last padding byte and do not write it, and some write it and do not count it.
func (w *webpScan) riffEnd() (end int64, whole bool, err error) {
	b, err := w.at(0, 12)
	if err != nil {
		return 0, false, err
	}
	end = 8 + int64(binary.LittleEndian.Uint32(b[4:]))
	if end > w.size+1 {
		return 0, false, bad(w.size, "the file ends before its time: it is cut off")
	}
	whole = end <= w.size
	return min(end+end&1, w.size), whole, nil
}

func (w *webpScan) animated() bool { return w.vp8x != nil && w.vp8x[0]&vp8xAnimation != 0 }

// chunk reads the chunk c of the file.
func (w *webpScan) chunk(c riffChunk) error {
	switch c.typ {
	case "VP8X":
		if c.off == 12 {
			return w.header(c)
		}
	case "ICCP":
		if w.vp8x != nil && w.profile == nil {
			return w.iccp(c)
		}
	case "EXIF":
		if w.vp8x != nil && w.saved == 0 {
			return w.readExif(c)
		}
	case "ANIM":
		if w.animated() && w.anim.n == 0 && c.n == 6 {
			w.anim = c
			return nil
		}
	case "ANMF":
		if w.animated() {
			return w.hold(c)
		}
	case "ALPH":
		if w.vp8x != nil && !w.animated() && len(w.image) == 0 {
			return w.hold(c)
		}
	case "VP8 ", "VP8L":
		if !w.animated() && !w.hasPicture() {
			return w.hold(c)
		}
	}
	w.unknown(c)
	return nil
}

// hold keeps a part of the picture for later.
func (w *webpScan) hold(c riffChunk) error {
	if len(w.image) == maxBlocks {
		return bad(c.off, "too many frames")
	}
	w.image = append(w.image, c)
	return nil
}

func (w *webpScan) hasPicture() bool {
	return len(w.image) > 0 && w.image[len(w.image)-1].typ != "ALPH"
}

// unknown leaves out a chunk.
func (w *webpScan) unknown(c riffChunk) {
	kind := Maker
	switch c.typ {
	case "XMP ", "xmp ":
		kind = XMP
	case "EXIF", "exif":
		kind = Exif
	case "ICCP":
		kind = Profile
	case "VP8 ", "VP8L", "ANMF", "ALPH":
		kind = Picture
	case "VP8X", "ANIM":
		kind = Structure
	case "C2PA":
		kind = Origin
	}
	w.note(Block{
		Kind: kind, Name: c.typ, Offset: c.off, Size: min(c.end(), w.size) - c.off,
		Body: c.data(), BodySize: c.n, Removed: true,
	})
}

// header reads the VP8X chunk.
func (w *webpScan) header(c riffChunk) error {
	if c.n < 10 {
		return bad(c.off, "a header of a wrong length")
	}
	b, err := w.at(c.data(), 10)
	if err != nil {
		return err
	}
	w.vp8x = bytes.Clone(b)
	w.vp8x[0] &= vp8xAnimation | vp8xXMP | vp8xExif | vp8xAlpha | vp8xICC
	clear(w.vp8x[1:4])
	w.drop(Structure, c.typ, c.data()+10, c.n-10)
	return nil
}

// iccp reads a colour profile.
func (w *webpScan) iccp(c riffChunk) error {
	w.unknown(c)
	if c.n > maxProfile {
		return bad(c.off, "a colour profile of more than 4 MiB")
	}
	if w.opts.DropProfile || w.fail != nil {
		return w.fail
	}
	b, err := w.read(c.data(), c.n)
	if err != nil {
		return err
	}
	if w.profile = reduceProfile(b); bytes.Equal(b, w.profile) {
		w.blocks[len(w.blocks)-1].Removed = false
	}
	return nil
}

// readExif reads an EXIF chunk. Some writers put the identifier of JPEG before it.
func (w *webpScan) readExif(c riffChunk) error {
	w.unknown(c)
	if w.fail != nil {
		return w.fail
	}
	b := &w.blocks[len(w.blocks)-1]
	if id := w.prefix(c.data(), int(min(6, c.n))); string(id) == "Exif\x00\x00" {
		b.Body, b.BodySize = b.Body+6, b.BodySize-6
	}
	w.exif = w.wanted(w.look(b.Body, b.BodySize), coloursElsewhere).exif()
	same, err := w.equal(c.data(), c.n, w.exif)
	b.Removed = !same
	w.saved = len(w.blocks)
	return err
}

// finish lays out the file.
func (w *webpScan) finish() error {
	if !w.hasPicture() {
		return bad(w.size, "there is no picture in it")
	}
	w.grow(len(w.profile) + 64)
	w.write([]byte("RIFF\x00\x00\x00\x00WEBP"))
	if w.vp8x != nil {
		w.writeChunk("VP8X", w.features())
	}
	if w.profile != nil {
		w.writeChunk("ICCP", w.profile)
	}
	if w.animated() {
		if w.anim.n == 0 {
			return bad(w.size, "an animation without its header")
		}
		w.copyChunk(w.anim)
	}
	if err := w.writeImage(); err != nil {
		return err
	}
	if w.exif != nil {
		w.writeChunk("EXIF", w.exif)
	}
	if w.file.size > 1<<32-1 {
		return bad(w.size, "a file that is too long")
	}
	binary.LittleEndian.PutUint32(w.file.literal[4:], uint32(w.file.size-8))
	return w.fail
}

// features returns the content of the VP8X chunk, which says what else is there.
func (w *webpScan) features() []byte {
	b := bytes.Clone(w.vp8x)
	b[0] &^= vp8xXMP
	if w.profile == nil {
		b[0] &^= vp8xICC
	}
	if w.exif == nil {
		b[0] &^= vp8xExif
	}
	return b
}

func (w *webpScan) writeChunk(typ string, data []byte) {
	w.write(binary.LittleEndian.AppendUint32([]byte(typ), uint32(len(data))))
	w.write(data)
	if len(data)&1 == 1 {
		w.write([]byte{0})
	}
}

// copyChunk keeps a chunk, with a padding byte that is zero.
func (w *webpScan) copyChunk(c riffChunk) {
	w.keep(c.off, 8+c.n)
	if c.n&1 == 0 {
		return
	}
	if b := w.prefix(c.data()+c.n, 1); len(b) == 1 && b[0] == 0 {
		w.keep(c.data()+c.n, 1)
		return
	}
	w.drop(Structure, "padding", c.data()+c.n, min(1, w.size-c.data()-c.n))
	w.write([]byte{0})
}

// writeImage writes the picture, or the frames.
func (w *webpScan) writeImage() error {
	if !w.animated() {
		lengths, err := w.pictureLengths(w.image)
		if err != nil {
			return err
		}
		w.writeParts(w.image, lengths)
		return nil
	}
	for _, c := range w.image {
		if err := w.frame(c); err != nil {
			return err
		}
	}
	return nil
}

// writeParts keeps the parts of a picture, each with as many bytes as lengths has it.
func (w *webpScan) writeParts(parts []riffChunk, lengths []int64) {
	for i, c := range parts {
		w.shorten(c, lengths[i])
	}
}

// shorten keeps a chunk with only the first n bytes of its data.
func (w *webpScan) shorten(c riffChunk, n int64) {
	if n == c.n {
		w.copyChunk(c)
		return
	}
	w.drop(Trailer, c.typ, c.data()+n, c.n-n)
	w.write(binary.LittleEndian.AppendUint32([]byte(c.typ), uint32(n)))
	w.keep(c.data(), n)
	if n&1 == 1 {
		w.write([]byte{0})
	}
}

// frame keeps a frame of an animation: its header, and ALPH and VP8, or VP8L.
func (w *webpScan) frame(c riffChunk) error {
	head, err := w.at(c.data(), int(min(16, c.n)))
	if err != nil {
		return err
	}
	if len(head) < 16 {
		return bad(c.off, "a frame without a header")
	}
	head = bytes.Clone(head)
	head[15] &= 3 // the reserved bits
	var parts []riffChunk
	end := c.data() + c.n
	for off := c.data() + 16; off < end; {
		sub, err := w.riffChunk(off, end)
		if err != nil {
			return err
		}
		off = min(sub.end(), end)
		if sub.typ == "ALPH" && len(parts) == 0 || isPicture(sub) && (len(parts) == 0 || !isPicture(parts[len(parts)-1])) {
			parts = append(parts, sub)
			continue
		}
		w.unknown(sub)
	}
	if len(parts) == 0 || !isPicture(parts[len(parts)-1]) {
		return bad(c.off, "a frame without a picture")
	}
	return w.writeFrame(c, head, parts)
}

func isPicture(c riffChunk) bool { return c.typ == "VP8 " || c.typ == "VP8L" }

// writeFrame writes a frame with the given header and parts.
func (w *webpScan) writeFrame(c riffChunk, head []byte, parts []riffChunk) error {
	lengths, err := w.pictureLengths(parts)
	if err != nil {
		return err
	}
	total := int64(len(head))
	for _, n := range lengths {
		total += 8 + n + n&1
	}
	frame := binary.LittleEndian.AppendUint32([]byte("ANMF"), uint32(total))
	frame = append(frame, head...)
	if same, err := w.equal(c.off, int64(len(frame)), frame); err != nil {
		return err
	} else if same {
		w.keep(c.off, int64(len(frame)))
	} else {
		w.write(frame)
	}
	w.writeParts(parts, lengths)
	return nil
}
