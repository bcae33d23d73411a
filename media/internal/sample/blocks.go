package sample

import (
	"encoding/binary"
	"strings"
)

// A tag is an entry of a TIFF directory; its value is a string of bytes as they stand in
// the file.
type tag struct {
	id, typ uint16
	value   string
	sub     *[]tag // if set, value is ignored and this directory is meant
}

var sizes = map[uint16]int{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}

// Exif returns the Exif block of a camera, without identifier: place, time, serial number,
// names, maker note and a thumbnail.
func Exif(order binary.AppendByteOrder, orientation int, adobeRGB bool) []byte {
	u16 := func(v int) string { return string(order.AppendUint16(nil, uint16(v))) }
	u32 := func(v int) string { return string(order.AppendUint32(nil, uint32(v))) }
	ratios := func(v ...int) string {
		var s strings.Builder
		for _, n := range v {
			s.WriteString(u32(n))
		}
		return s.String()
	}
	space, index := 1, "R98\x00"
	if adobeRGB {
		space, index = 0xffff, "R03\x00"
	}
	interop := []tag{{id: 1, typ: 2, value: index}}
	exif := []tag{
		{id: 0x9003, typ: 2, value: "2024:05:01 10:33:00\x00"},
		{id: 0x927c, typ: 7, value: "SecretText in a maker note"},
		{id: 0xa001, typ: 3, value: u16(space)},
		{id: 0xa005, typ: 4, sub: &interop},
		{id: 0xa430, typ: 2, value: "SecretArtist\x00"},
		{id: 0xa431, typ: 2, value: "SecretSerial\x00"},
		{id: 0xa434, typ: 2, value: "SecretModel lens\x00"},
	}
	gps := []tag{
		{id: 0, typ: 1, value: "\x02\x03\x00\x00"},
		{id: 1, typ: 2, value: "N\x00"},
		{id: 2, typ: 5, value: ratios(48, 1, 51, 1, 3024, 100)},
		{id: 3, typ: 2, value: "E\x00"},
		{id: 4, typ: 5, value: ratios(2, 1, 17, 1, 402, 10)},
	}
	first := []tag{
		{id: 0x10f, typ: 2, value: "SecretMake\x00"},
		{id: 0x110, typ: 2, value: "SecretModel\x00"},
		{id: 0x112, typ: 3, value: u16(orientation)},
		{id: 0x131, typ: 2, value: "SecretText software\x00"},
		{id: 0x132, typ: 2, value: "2024:05:01 10:33:00\x00"},
		{id: 0x13b, typ: 2, value: "SecretArtist\x00"},
		{id: 0x8769, typ: 4, sub: &exif},
		{id: 0x8825, typ: 4, sub: &gps},
	}
	b := []byte("II*\x00\x08\x00\x00\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*\x00\x00\x00\x08")
	}
	return directory(order, b, first)
}

// directory appends a directory, its values and its subdirectories.
func directory(order binary.AppendByteOrder, b []byte, tags []tag) []byte {
	put := order.(binary.ByteOrder)
	b = order.AppendUint16(b, uint16(len(tags)))
	start := len(b)
	b = append(b, make([]byte, 12*len(tags)+4)...)
	for i, t := range tags {
		e := start + 12*i
		put.PutUint16(b[e:], t.id)
		put.PutUint16(b[e+2:], t.typ)
		n := 1
		if t.sub == nil {
			n = len(t.value) / sizes[t.typ]
		}
		put.PutUint32(b[e+4:], uint32(n))
		switch {
		case t.sub != nil:
			put.PutUint32(b[e+8:], uint32(len(b)))
			b = directory(order, b, *t.sub)
		case len(t.value) <= 4:
			copy(b[e+8:], t.value)
		default:
			put.PutUint32(b[e+8:], uint32(len(b)))
			b = append(b, t.value...)
			if len(b)%2 == 1 {
				b = append(b, 0)
			}
		}
	}
	return b
}

// XMP returns a packet that names place, person, time and program.
func XMP() string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="SecretText toolkit">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmp:CreateDate="2024:05:01 10:33:00" photoshop:City="SecretText city" xmpMM:DocumentID="SecretSerial">
<dc:creator><rdf:Seq><rdf:li>SecretArtist</rdf:li></rdf:Seq></dc:creator>
<xmp:CreatorTool>SecretMake SecretModel</xmp:CreatorTool>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`
}

// IPTC returns the resource block of an editor with a caption, a person and a place.
func IPTC() []byte {
	var iim []byte
	for _, d := range []struct {
		set   byte
		value string
	}{{120, "SecretText caption"}, {80, "SecretArtist"}, {90, "SecretText city"}, {55, "20240501"}, {25, "SecretText keyword"}} {
		iim = append(iim, 0x1c, 2, d.set, 0, byte(len(d.value)))
		iim = append(iim, d.value...)
	}
	b := []byte("8BIM\x04\x04\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(len(iim)))
	b = append(b, iim...)
	if len(iim)%2 == 1 {
		b = append(b, 0)
	}
	return append(b, "8BIM\x04\x0c\x00\x00\x00\x00\x00\x0aSecretText"...)
}

// Profile returns a colour profile of a monitor with its maker, serial number and date.
func Profile() []byte {
	xyz := func(x, y, z uint32) string {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range []uint32{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return string(b)
	}
	curve := "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33"
	return ICC([][2]string{
		{"desc", "desc\x00\x00\x00\x00\x00\x00\x00\x0bSecretText\x00" + string(make([]byte, 78))},
		{"cprt", "text\x00\x00\x00\x00SecretArtist\x00"},
		{"wtpt", xyz(0xf351, 0x10000, 0x116cc)},
		{"rXYZ", xyz(0x6fa2, 0x38f5, 0x390) + "SecretText"},
		{"gXYZ", xyz(0x6299, 0xb785, 0x18da)},
		{"bXYZ", xyz(0x24a0, 0xf84, 0xb6cf)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve + "SecretText"},
		{"mmod", "mmod\x00\x00\x00\x00SecretMakeSecretModelSecretSerial"},
		{"dmnd", "text\x00\x00\x00\x00SecretMake\x00"},
		{"meta", "dict\x00\x00\x00\x00SecretText"},
	})
}

// ICC returns a version 2 RGB profile with the given tags, and much in its header.
func ICC(tags [][2]string) []byte {
	b := make([]byte, 128, 1024)
	copy(b[4:], "ADBE\x02\x10\x00\x00mntrRGB XYZ \x07\xe8\x00\x05\x00\x01\x00\x0a\x00\x21\x00\x00acspMSFT\x00\x00\x00\x01SecretMo")
	copy(b[68:], "\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2dSecretSecretSecret__")
	b = binary.BigEndian.AppendUint32(b, uint32(len(tags)))
	table := len(b)
	b = append(b, make([]byte, 12*len(tags))...)
	for i, t := range tags {
		e := b[table+12*i:]
		copy(e, t[0])
		binary.BigEndian.PutUint32(e[4:], uint32(len(b)))
		binary.BigEndian.PutUint32(e[8:], uint32(len(t[1])))
		b = append(b, t[1]...)
		for len(b)%4 != 0 {
			b = append(b, '!') // and something in the padding
		}
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}
