package sample

import (
	"encoding/binary"
	"strings"
)

// Box returns a box of an ISO base media file.
func Box(typ string, body ...string) string {
	b := strings.Join(body, "")
	return U32(8+len(b)) + typ + b
}

// U16 and U32 return numbers as they stand in boxes.
func U16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }

// U32 returns a number of four bytes.
func U32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

// U32s returns a row of numbers.
func U32s(n ...int) string {
	var s strings.Builder
	for _, v := range n {
		s.WriteString(U32(v))
	}
	return s.String()
}

const (
	version0 = "\x00\x00\x00\x00"
	when     = "\xe4\xce\xf6\x9d" // in 2025, in seconds since 1904
	upright  = "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00"
)

// Handler returns a hdlr box with a name in it.
func Handler(typ, name string) string {
	return Box("hdlr", version0, "mhlr", typ, "appl", string(make([]byte, 8)), name, "\x00")
}

// A Track is a track of a Movie.
type Track struct {
	ID      int
	Handler string
	Entry   string   // its sample description
	Chunks  []string // its samples, one in each chunk
	Extra   string   // boxes that stand behind the media
	Tables  string   // if set, the sample tables, instead of those of Chunks
}

// Video returns a track of a video with what programs write into one.
func Video(id int, chunks ...string) Track {
	entry := Box("avc1", string(make([]byte, 6)), U16(1), version0, "FFMP", U32s(512, 512), U16(64), U16(48),
		U32s(0x480000, 0x480000, 0), U16(1), "\x12SecretText of code", string(make([]byte, 13)), U16(24), "\xff\xff",
		Box("avcC", "\x01\x42\x00\x0a\xff\xe0\x00"), Box("SECR", "SecretText"),
		Box("colr", "prof", string(Profile())), Box("pasp", U32s(1, 1)))
	return Track{ID: id, Handler: "vide", Entry: entry, Chunks: chunks, Extra: Box("udta", Box("name", "SecretText track"))}
}

// Audio returns a track of sound.
func Audio(id int, chunks ...string) Track {
	entry := Box("mp4a", string(make([]byte, 6)), U16(1), version0, "SECR", U16(2), U16(16), U32s(0), U32(48000<<16),
		Box("esds", version0, "\x03\x80\x80\x80\x05\x00\x01\x00\x04\x00"))
	return Track{ID: id, Handler: "soun", Entry: entry, Chunks: chunks}
}

// Telemetry returns a track of places.
func Telemetry(id int, chunks ...string) Track {
	return Track{ID: id, Handler: "meta", Entry: Box("gpmd", string(make([]byte, 6)), U16(1)), Chunks: chunks}
}

// stbl returns the sample table of a track whose chunks stand at the given places.
func (t Track) stbl(places []int) string {
	sizes := make([]int, len(t.Chunks))
	for i, c := range t.Chunks {
		sizes[i] = len(c)
	}
	if t.Tables != "" {
		return Box("stbl", Box("stsd", version0, U32(1), t.Entry), t.Tables)
	}
	n := len(t.Chunks)
	return Box("stbl",
		Box("stsd", version0, U32(1), t.Entry),
		Box("stts", version0, U32s(1, n, 100)),
		Box("stsc", version0, U32s(1, 1, 1, 1)),
		Box("stsz", version0, U32s(append([]int{0, n}, sizes...)...)),
		Box("stco", version0, U32s(append([]int{n}, places...)...)))
}

// box returns the trak box.
func (t Track) box(places []int) string {
	header := Box("vmhd", "\x00\x00\x00\x01", string(make([]byte, 8)))
	if t.Handler == "soun" {
		header = Box("smhd", string(make([]byte, 8)))
	}
	return Box("trak",
		Box("tkhd", "\x00\x00\x00\x07", when, when, U32s(t.ID, 0, 1000), string(make([]byte, 16)), upright, U32s(64<<16, 48<<16)),
		Box("edts", Box("elst", version0, U32s(1, 1000, 0, 1<<16))),
		Box("mdia",
			Box("mdhd", version0, when, when, U32s(1000, 1000), "\x55\xc4\x00\x00"),
			Handler(t.Handler, "SecretText handler"),
			Box("minf", header,
				Box("dinf", Box("dref", version0, U32(1), Box("alis", "\x00\x00\x00\x01SecretText path"))),
				t.stbl(places))),
		t.Extra)
}

// Movie returns a file of tracks whose chunks alternate, the media data behind the header.
// The moov box holds more boxes too, and the media data begin with bytes of no sample.
func Movie(brands string, more string, tracks ...Track) []byte {
	gap := "SecretText of no sample"
	head := ""
	if brands != "" {
		head = Box("ftyp", brands)
	}
	moov := func(places [][]int) string {
		traks := ""
		for i, t := range tracks {
			traks += t.box(places[i])
		}
		return Box("moov", Box("mvhd", version0, when, when, U32s(1000, 1000, 1<<16), "\x01\x00", string(make([]byte, 10)), upright, "Secret", string(make([]byte, 18)), U32(9)), traks, more)
	}
	places, most := make([][]int, len(tracks)), 0
	for i, t := range tracks {
		places[i] = make([]int, len(t.Chunks))
		most = max(most, len(t.Chunks))
	}
	at := len(head) + len(moov(places)) + 8 + len(gap)
	data := gap
	for n := range most {
		for i, t := range tracks {
			if n < len(t.Chunks) {
				places[i][n] = at + len(data) - len(gap)
				data += t.Chunks[n]
			}
		}
	}
	return []byte(head + moov(places) + Box("mdat", data))
}

// UserData is what cameras and programs write into the header of a movie.
func UserData() string {
	data := func(kind int, value string) string { return Box("data", U32s(kind, 0), value) }
	return Box("udta",
		Box("\xa9xyz", U16(18), "\x15\xc7", "+48.8584+002.2945/"),
		Box("\xa9mak", U16(10), "\x15\xc7", "SecretMake"),
		Box("loci", version0, "\x15\xc7SecretText place\x00\x00", U32s(2<<16, 48<<16, 0), "earth\x00\x00"),
		Box("meta", version0, Handler("mdir", ""), Box("ilst",
			Box("\xa9too", data(1, "SecretText encoder")),
			Box("\xa9ART", data(1, "SecretArtist")),
			Box("covr", data(13, "SecretText of a picture")))),
	) + Box("meta", Handler("mdta", ""),
		Box("keys", version0, U32(2), Box("mdta", "com.apple.quicktime.model"), Box("mdta", "com.apple.quicktime.content.identifier")),
		Box("ilst", Box(U32(1), data(1, "SecretModel")), Box(U32(2), data(1, "SecretSerial"))),
	) + Box("uuid", "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac", XMP())
}

// MP4 returns a video with sound, telemetry and everything that says where, when and by whom.
func MP4() []byte {
	b := Movie("isom"+U32(512)+"isomSECRavc1", UserData(),
		Video(1, "video 1, ", "video 2, "), Audio(2, "sound 1, ", "sound 2, "), Telemetry(3, "SecretText place 1", "SecretText place 2"))
	return append(b, Box("free", "SecretText")+Box("SECR", "SecretText")+"Secret"...)
}

// QuickTime returns a video of before there were brands.
func QuickTime() []byte { return Movie("", UserData(), Video(1, "video 1, ", "video 2, ")) }

// M4A returns a sound.
func M4A() []byte {
	return Movie("M4A "+U32(0)+"M4A mp42", UserData(), Audio(1, "sound 1, ", "sound 2, "))
}

// ThreeGP returns a video of a telephone of its time.
func ThreeGP() []byte { return Movie("3gp5"+U32(0)+"3gp5isom", "", Video(1, "video 1, ")) }

// Fragmented returns a video in fragments, each with telemetry.
func Fragmented() []byte {
	empty := func(t Track) Track { t.Chunks = nil; return t }
	trex := func(id int) string { return Box("trex", version0, U32s(id, 1, 100, 0, 0)) }
	b := Movie("iso5"+U32(0)+"iso5dash", Box("mvex", trex(1), trex(2)), empty(Video(1)), empty(Telemetry(2)))
	for i := range 2 {
		moof := func(at int) string {
			traf := func(id, at int, sizes ...int) string {
				return Box("traf", Box("tfhd", "\x00\x02\x00\x00", U32(id)), Box("tfdt", version0, U32(i*200)),
					Box("trun", "\x00\x00\x02\x01", U32s(append([]int{len(sizes), at}, sizes...)...)))
			}
			return Box("moof", Box("mfhd", version0, U32(i+1)), traf(1, at, 4, 5), traf(2, at+9, 17))
		}
		b = append(b, moof(len(moof(0))+8)+Box("mdat", "12345678,SecretText place!SecretText")...)
	}
	return b
}

// An Item is an item of a HEIF.
type Item struct {
	ID     int
	Type   string
	Hidden bool
	Data   string
	Props  []int // by number, from 1
	InIdat bool
}

// HEIF returns a file of the given items, properties and references (boxes of iref). The
// first item is the picture itself.
func HEIF(brands string, items []Item, props []string, refs string, end string) []byte {
	infos, assoc, idat := "", "", ""
	for _, it := range items {
		hidden := 0
		if it.Hidden {
			hidden = 1
		}
		name := "SecretText name\x00"
		if it.Type == "mime" {
			name += "application/rdf+xml\x00"
		}
		infos += Box("infe", "\x02\x00\x00", string([]byte{byte(hidden)}), U16(it.ID), U16(0), it.Type, name)
		assoc += U16(it.ID) + string([]byte{byte(len(it.Props))})
		for _, p := range it.Props {
			assoc += string([]byte{byte(p)})
		}
	}
	meta := func(at int) string {
		idat = ""
		places := ""
		for _, it := range items {
			method, off := 0, at
			if it.InIdat {
				method, off = 1, len(idat)
				idat += it.Data
			} else {
				at += len(it.Data)
			}
			places += U16(it.ID) + U16(method) + U16(0) + U16(1) + U32s(off, len(it.Data))
		}
		return Box("meta", version0, Handler("pict", "SecretText"), Box("pitm", version0, U16(items[0].ID)),
			Box("iloc", "\x01\x00\x00\x00\x44\x00", U16(len(items)), places),
			Box("iinf", version0, U16(len(items)), infos),
			Box("iref", version0, refs),
			Box("iprp", Box("ipco", strings.Join(props, "")), Box("ipma", version0, U32(len(items)), assoc)),
			Box("idat", idat, "SecretText"), Box("xml ", version0, "SecretText"))
	}
	head := Box("ftyp", brands)
	gap := "SecretText of no item"
	data := gap
	for _, it := range items {
		if !it.InIdat {
			data += it.Data
		}
	}
	return []byte(head + meta(len(head)+len(meta(0))+8+len(gap)) + Box("mdat", data) + end)
}

// Reference returns a box of iref.
func Reference(typ string, from int, to ...int) string {
	s := U16(from) + U16(len(to))
	for _, id := range to {
		s += U16(id)
	}
	return Box(typ, s)
}

// Properties are those of HEIC.
func Properties(codec string) []string {
	return []string{
		codec,
		Box("ispe", version0, U32s(64, 48)),
		Box("pixi", version0, "\x03\x08\x08\x08"),
		Box("colr", "prof", string(Profile())),
		Box("irot", "\x01"),
		Box("auxC", version0, "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00"),
		Box("auxC", version0, "urn:com:apple:photo:2020:aux:hdrgainmap\x00SecretText"),
		Box("udes", version0, "en\x00SecretText\x00SecretArtist\x00\x00"),
	}
}

func pictureFile(brands, typ, codec string) []byte {
	exif := U32(6) + "Exif\x00\x00" + string(Exif(binary.BigEndian, 6, false))
	return HEIF(brands, []Item{
		{1, "grid", false, "\x00\x00\x00\x01\x00\x40\x00\x30", []int{2, 3, 4, 5, 8}, true},
		{2, typ, true, "picture data, left", []int{1, 2, 3}, false},
		{3, "Exif", true, exif, nil, false},
		{4, typ, true, "picture data, right", []int{1, 2, 3}, false},
		{5, "mime", true, XMP(), nil, false},
		{6, typ, false, "SecretText of a thumbnail", []int{1, 2}, false},
		{7, typ, true, "transparency", []int{1, 2, 6}, false},
		{8, typ, true, "SecretText of a gain map", []int{1, 2, 7}, false},
		{9, "uri ", true, "SecretText within", nil, true},
	}, Properties(codec), Reference("dimg", 1, 2, 4)+Reference("cdsc", 3, 1)+Reference("cdsc", 5, 1)+
		Reference("thmb", 6, 1)+Reference("auxl", 7, 1)+Reference("auxl", 8, 1),
		Box("mpvd", "SecretText of a video")+Box("sefd", "SecretText"))
}

// HEIC returns a photo of two tiles with everything that telephones put beside it.
func HEIC() []byte {
	return pictureFile("heic"+U32(0)+"mif1heicSECR", "hvc1", Box("hvcC", "\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x1e\xf0\x00\xfc\xfd\xf8\xf8\x00\x00\x0f\x00"))
}

// AVIF returns a picture as AVIF.
func AVIF() []byte {
	return pictureFile("avif"+U32(0)+"avifmif1miaf", "av01", Box("av1C", "\x81\x00\x0c\x00"))
}
