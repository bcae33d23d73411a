package media

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
)

// A pngScan reads a PNG or APNG from its header to its IEND.
type pngScan struct {
	*plan
	ihdr    ihdr
	colours int64           // in the palette
	seen    map[string]bool // chunks of which the first counts

	frames   int64 // as acTL says; 0: not animated
	frame    int64 // how many frame headers were kept
	pending  bool  // a frame header waits for its picture
	size     [2]int64
	seqIn    uint32 // the number that the next chunk of the animation must have
	seqOut   uint32 // the number that it gets
	inflated int64

	rawExif []byte // an eXIf chunk, in place of a text that says the same
}

// maxAnimation is the most that all frames of an animation may inflate to, in bytes.
const maxAnimation = 4 * maxRaw

func scanPNG(p *plan) error {
	z := &pngScan{plan: p, seen: make(map[string]bool)}
	h, c, err := p.ihdr()
	if err != nil {
		return err
	}
	z.ihdr = h
	p.keep(0, c.end())
	for off := c.end(); ; {
		if c, err = p.chunk(off); err != nil {
			return err
		}
		if c.typ == "IEND" {
			return z.finish(c)
		}
		if off, err = z.chunk(c); err != nil {
			return err
		}
	}
}

// chunk reads c and what belongs to it, and returns where that ends.
func (z *pngScan) chunk(c chunk) (int64, error) {
	switch c.typ {
	case "PLTE":
		return c.end(), z.palette(c)
	case "IDAT":
		return z.idat(c)
	case "fdAT":
		return z.fdat(c)
	case "fcTL":
		return c.end(), z.fctl(c)
	case "iCCP":
		return c.end(), z.iccp(c)
	case "eXIf":
		return c.end(), z.exif(c)
	}
	if !c.ancillary() {
		return 0, bad(c.off, "an unknown chunk that a decoder may not pass over")
	}
	keep, err := z.keeps(c)
	if err != nil {
		return 0, err
	}
	if !keep {
		return c.end(), z.metadata(c)
	}
	if c.typ == "acTL" {
		b, err := z.at(c.data(), 4)
		if err != nil {
			return 0, err
		}
		z.frames = int64(binary.BigEndian.Uint32(b))
	}
	z.keep(c.off, c.size())
	return c.end(), nil
}

// keeps reports whether the ancillary chunk c has an effect on the picture where it stands.
func (z *pngScan) keeps(c chunk) (bool, error) {
	rule := anciRules[c.typ]
	late := z.seen["IDAT"] || rule.beforePLTE && z.seen["PLTE"]
	if late || z.seen[c.typ] || !z.ihdr.fits(c, z.colours) {
		return false, nil
	}
	ok, err := z.intact(c)
	if ok {
		z.seen[c.typ] = true
	}
	return ok, err
}

func (z *pngScan) palette(c chunk) error {
	if z.ihdr.colour&2 == 0 || z.seen["IDAT"] {
		z.drop(Structure, c.typ, c.off, c.size())
		return nil
	}
	ok, err := z.intact(c)
	switch {
	case err != nil:
		return err
	case !ok:
		return bad(c.off, "a palette with a wrong checksum")
	case z.seen["PLTE"] || c.n == 0 || c.n%3 != 0 || c.n > 3*256:
		return bad(c.off, "a broken palette")
	}
	z.seen["PLTE"], z.colours = true, c.n/3
	z.keep(c.off, c.size())
	return nil
}

// idat reads the picture, which begins in chunk c.
func (z *pngScan) idat(c chunk) (int64, error) {
	if z.seen["IDAT"] {
		z.drop(Trailer, c.typ, c.off, c.size())
		return c.end(), nil
	}
	if z.ihdr.colour == 3 && z.colours == 0 {
		return 0, bad(c.off, "a picture without its palette")
	}
	z.writeRawExif()
	z.seen["IDAT"] = true
	z.pending = false
	return z.pixels(c, z.ihdr.raw(z.ihdr.width, z.ihdr.height))
}

// fctl reads the header of a frame.
func (z *pngScan) fctl(c chunk) error {
	if z.frames == 0 || z.frame == z.frames {
		z.drop(Picture, c.typ, c.off, c.size())
		return nil
	}
	if z.pending {
		return bad(c.off, "a frame without a picture")
	}
	f, err := z.frameControl(c, z.ihdr)
	if err != nil {
		return err
	}
	if ok, err := z.intact(c); err != nil || !ok {
		return or(err, bad(c.off, "a frame header with a wrong checksum"))
	}
	if f.seq != z.seqIn {
		return bad(c.off, "an animation in disorder")
	}
	z.frame++
	z.pending, z.size = true, [2]int64{f.width, f.height}
	return z.numbered(c)
}

// fdat reads the picture of a frame, which begins in chunk c.
func (z *pngScan) fdat(c chunk) (int64, error) {
	if !z.pending {
		if z.frames > 0 && z.frame < z.frames {
			return 0, bad(c.off, "a frame without a header")
		}
		z.drop(Picture, c.typ, c.off, c.size())
		return c.end(), nil
	}
	z.pending = false
	return z.pixels(c, z.ihdr.raw(z.size[0], z.size[1]))
}

// pixels reads the compressed picture that begins in chunk c and is raw bytes long before
// compression. It keeps it up to the end of its zlib stream; what follows in the last chunk,
// and in further chunks, may be the end of an older and larger picture.
func (z *pngScan) pixels(c chunk, raw int64) (int64, error) {
	if z.inflated += raw; z.inflated > maxAnimation {
		return 0, bad(c.off, "an animation of too many pixels")
	}
	in := newPixelStream(z.source, c, z.numbered)
	sum, err := in.inflate(raw)
	if err != nil {
		return 0, err
	}
	tail := sum[:]
	if ok, err := in.skipSum(sum); err != nil {
		return 0, err
	} else if ok {
		tail = nil
	}
	cut, last := in.at(), in.c
	if err := in.readRest(); err != nil {
		return 0, err
	}
	if cut == in.end() && tail == nil {
		err = z.numbered(last)
	} else {
		err = z.shorten(last, cut, tail)
	}
	return z.dropRest(last), err
}

// dropRest leaves out the chunks behind last that are of the same type, and returns where
// they end.
func (z *pngScan) dropRest(last chunk) int64 {
	off := last.end()
	for {
		c, err := z.plan.chunk(off)
		if err != nil || c.typ != last.typ {
			return off // an error comes up again
		}
		if c.typ == "fdAT" {
			z.seqIn++
		}
		z.drop(Trailer, c.typ, c.off, c.size())
		off = c.end()
	}
}

// shorten keeps the data of c up to the place cut, then tail.
func (z *pngScan) shorten(c chunk, cut int64, tail []byte) error {
	z.drop(Trailer, c.typ, cut, c.data()+c.n-cut)
	head := binary.BigEndian.AppendUint32(nil, uint32(cut-c.data()+int64(len(tail))))
	head = append(head, c.typ...)
	from := c.data()
	if c.typ == "fdAT" {
		head = binary.BigEndian.AppendUint32(head, z.seqOut)
		from += 4
		z.seqIn, z.seqOut = z.seqIn+1, z.seqOut+1
	}
	return z.rewrite(head, span{from, cut - from}, tail)
}

// rewrite writes a chunk that begins with head, goes on with data of the original and ends
// with tail.
func (z *pngScan) rewrite(head []byte, data span, tail []byte) error {
	sum, err := z.crc(checksum(0, head[4:]), data.off, data.n)
	if err != nil {
		return err
	}
	z.write(head)
	z.keep(data.off, data.n)
	z.write(binary.BigEndian.AppendUint32(bytes.Clone(tail), checksum(sum, tail)))
	return nil
}

// numbered keeps chunk c, whose checksum is right. If it is one of an animation it gets the
// next number, which differs from its own if chunks before it were left out.
func (z *pngScan) numbered(c chunk) error {
	if c.typ == "IDAT" {
		z.keep(c.off, c.size())
		return nil
	}
	b, err := z.at(c.data(), 4)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(b) != z.seqIn {
		return bad(c.off, "an animation in disorder")
	}
	out := z.seqOut
	z.seqIn, z.seqOut = z.seqIn+1, z.seqOut+1
	if out == z.seqIn-1 {
		z.keep(c.off, c.size())
		return nil
	}
	head, err := z.at(c.off, 8)
	if err != nil {
		return err
	}
	head = binary.BigEndian.AppendUint32(bytes.Clone(head), out)
	return z.rewrite(head, span{c.data() + 4, c.n - 4}, nil)
}

// pngProfileName is what every profile is called.
const pngProfileName = "icc\x00\x00"

// iccp reads a colour profile. Like a decoder it passes over one that is broken.
func (z *pngScan) iccp(c chunk) error {
	b := Block{Kind: Profile, Name: c.typ, Offset: c.off, Size: c.size(), Body: c.data(), BodySize: c.n, Removed: true}
	ok, err := z.intact(c)
	if err != nil {
		return err
	}
	if !ok || z.seen["iCCP"] || z.seen["PLTE"] || z.seen["IDAT"] || z.opts.DropProfile {
		z.note(b)
		return nil
	}
	z.seen["iCCP"] = true
	if c.n > maxProfile {
		return bad(c.off, "a colour profile of more than 4 MiB")
	}
	data, err := z.read(c.data(), c.n)
	if err != nil {
		return err
	}
	profile, rest, err := readICCP(data)
	if err != nil {
		z.note(b)
		return nil
	}
	if len(profile) > maxProfile {
		return bad(c.off, "a colour profile of more than 4 MiB")
	}
	reduced := reduceProfile(profile)
	if reduced == nil {
		z.note(b)
		return nil
	}
	if rest == 0 && bytes.HasPrefix(data, []byte(pngProfileName)) && bytes.Equal(profile, reduced) {
		b.Removed = false
		z.note(b)
		z.keep(c.off, c.size())
		return nil
	}
	return z.replace(b, pngChunk("iCCP", zip([]byte(pngProfileName), reduced)))
}

// readICCP returns the profile in the data of an iCCP chunk, and how many bytes are behind
// its end. A profile of more than maxProfile bytes is cut off behind those.
func readICCP(b []byte) (profile []byte, rest int, err error) {
	i := bytes.IndexByte(b[:min(len(b), 80)], 0)
	if i < 1 || len(b) < i+2 || b[i+1] != 0 {
		return nil, 0, errProfile
	}
	return unzip(b[i+2:], maxProfile)
}

// zip appends b, compressed, to head.
func zip(head, b []byte) []byte {
	buf := bytes.NewBuffer(head)
	w := zlib.NewWriter(buf)
	w.Write(b) // a Buffer takes all
	w.Close()
	return buf.Bytes()
}

// exif reads an eXIf chunk and puts in its place what the look of the picture needs.
func (z *pngScan) exif(c chunk) error {
	b := Block{Kind: Exif, Name: c.typ, Offset: c.off, Size: c.size(), Body: c.data(), BodySize: c.n, Removed: true}
	ok, err := z.intact(c)
	if err != nil {
		return err
	}
	var exif []byte
	if ok && !z.seen["eXIf"] {
		z.seen["eXIf"] = true
		exif = z.wanted(z.look(c.data(), c.n), coloursElsewhere).exif()
	}
	if exif == nil {
		z.note(b)
		return nil
	}
	return z.replace(b, pngChunk("eXIf", exif))
}

// coloursElsewhere says that a format has better means to name its colours than Exif.
const coloursElsewhere = true

// metadata leaves out an ancillary chunk. Where there is no eXIf chunk, viewers look for the
// orientation in the text that ImageMagick wrote before there was one.
func (z *pngScan) metadata(c chunk) error {
	kind := pngKind(c.typ, z.prefix(c.data(), int(min(c.n, 80))))
	z.note(Block{
		Kind: kind, Name: c.typ, Offset: c.off, Size: c.size(),
		Body: c.data(), BodySize: c.n, Removed: true,
	})
	if kind != Exif || z.seen["eXIf"] || z.seen["raw profile"] || c.n > maxRawProfile {
		return nil
	}
	z.seen["raw profile"] = true
	text, err := z.read(c.data(), c.n)
	if err != nil {
		return err
	}
	exif := rawProfile(c.typ, text)
	s := &source{r: bytes.NewReader(exif), size: int64(len(exif))}
	if b := z.wanted(s.look(0, s.size), coloursElsewhere).exif(); b != nil {
		z.rawExif = pngChunk("eXIf", b)
	}
	return nil
}

// writeRawExif puts an eXIf chunk in place of a text, before the picture if it stood there.
func (z *pngScan) writeRawExif() {
	if z.rawExif != nil && !z.seen["eXIf"] {
		z.write(z.rawExif)
		z.seen["eXIf"] = true
	}
}

// maxRawProfile is the most of a text chunk that is searched for an orientation, in bytes.
const maxRawProfile = 256 << 10

// rawProfile returns the Exif block that a tEXt or zTXt chunk holds in hexadecimal, behind
// a name and a length on lines of their own.
func rawProfile(typ string, data []byte) []byte {
	_, text, _ := bytes.Cut(data, []byte{0})
	if typ == "zTXt" && len(text) > 1 {
		text, _, _ = unzip(text[1:], 4*maxRawProfile)
	}
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return nil
	}
	digits := bytes.Join(fields[2:], nil)
	exif := make([]byte, hex.DecodedLen(len(digits)))
	n, _ := hex.Decode(exif, digits) // as far as it goes
	return bytes.TrimPrefix(exif[:n], []byte("Exif\x00\x00"))
}

// pngKind says what a chunk is about, by its type and the start of its data.
func pngKind(typ string, data []byte) Kind {
	switch typ {
	case "tEXt", "zTXt", "iTXt":
		return keywordKind(data)
	case "tIME":
		return Timestamp
	case "caBX":
		return Origin
	case "zxIf":
		return Exif
	case "sPLT", "hIST", "oFFs", "pCAL", "sCAL", "sTER", "gIFg", "gIFx", "gIFt", "vpAg", "caNv", "iDOT":
		return Structure
	}
	if anciRules[typ] != (anciRule{}) || typ == "sBIT" || typ == "tRNS" || typ == "bKGD" {
		return Structure
	}
	return Maker
}

// keywordKind says what a text chunk is about, by its keyword.
func keywordKind(data []byte) Kind {
	keyword, _, _ := bytes.Cut(data, []byte{0})
	switch string(keyword) {
	case "XML:com.adobe.xmp", "Raw profile type xmp":
		return XMP
	case "Raw profile type exif", "Raw profile type APP1":
		return Exif
	case "Raw profile type iptc", "Raw profile type 8bim":
		return IPTC
	case "Raw profile type icc", "Raw profile type icm":
		return Profile
	}
	return Comment
}

// finish reads the IEND chunk c and leaves out all that is behind it.
func (z *pngScan) finish(c chunk) error {
	switch {
	case !z.seen["IDAT"]:
		return bad(c.off, "there is no picture in it")
	case z.pending:
		return bad(c.off, "a frame without a picture")
	}
	z.writeRawExif()
	b := Block{Kind: Structure, Name: c.typ, Offset: c.off, Size: c.size(), Body: c.data(), BodySize: c.n}
	iend := pngChunk("IEND", nil)
	if same, err := z.equal(c.off, c.size(), iend); err != nil {
		return err
	} else if same {
		z.keep(c.off, c.size())
	} else if err := z.replace(b, iend); err != nil {
		return err
	}
	z.drop(Trailer, trailerName(z.prefix(c.end(), 12)), c.end(), z.plan.size-c.end())
	return z.fail
}
