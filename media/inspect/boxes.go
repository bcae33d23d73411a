//go:build !js

package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/media"
)

// movieNames say what the texts in user data are called, by the type of the box, and what
// they are about. Those of iTunes and of QuickTime begin with a sign.
var movieNames = map[string]struct {
	name string
	kind Kind
}{
	"©day": {"Date", Time}, "©mak": {"Make", Device}, "©mod": {"Model", Device}, "©swr": {"Software", Software},
	"©too": {"Encoder", Software}, "©enc": {"Encoder", Software}, "©nam": {"Title", Text}, "©ART": {"Artist", Person},
	"©aut": {"Author", Person}, "©alb": {"Album", Text}, "©cmt": {"Comment", Text}, "©des": {"Description", Text},
	"©cpy": {"Copyright", Person}, "©wrt": {"Composer", Person}, "©gen": {"Genre", Text}, "©lyr": {"Lyrics", Text},
	"©inf": {"Information", Text}, "©dir": {"Director", Person}, "©prd": {"Producer", Person}, "©com": {"Composer", Person},
	"titl": {"Title", Text}, "dscp": {"Description", Text}, "desc": {"Description", Text}, "ldes": {"Description", Text},
	"cprt": {"Copyright", Person}, "perf": {"Performer", Person}, "auth": {"Author", Person}, "albm": {"Album", Text},
	"gnre": {"Genre", Text}, "kywd": {"Keywords", Text}, "name": {"Track name", Text}, "aART": {"Album artist", Person},
	"apID": {"Account", Person}, "ownr": {"Owner", Person}, "purd": {"Date of purchase", Time}, "covr": {"Cover", Picture},
	"xid ": {"Identifier", Serial}, "cnID": {"Identifier", Serial}, "trkn": {"Track number", Text}, "disk": {"Disk number", Text},
}

// boxComment reads a text of a movie, and reports whether b is one.
func (r *reader) boxComment(b media.Block) bool {
	data := r.body(b)
	switch {
	case b.Name == "meta":
		r.metaBox(data)
	case b.Name == "hdlr" && len(data) >= 20:
		r.add("Movie", "Handler", trimName(data[20:]), Software)
	case b.Name == "stsd":
		r.sampleEntry(data)
	case b.Name == "dref":
		r.add("Movie", "Path of the media", decode(data[min(20, len(data)):]), Text)
	case b.Name == "dfLa", b.Name == "svhd", b.Name == "elng":
		r.add("Movie", b.Name, decode(data), Text)
	case b.Name == "©xyz":
		r.position(quickTimeText(data))
	case b.Name == "loci":
		r.loci(data)
	case strings.HasPrefix(b.Name, "©"):
		r.movieText(b.Name, quickTimeText(data))
	case movieNames[b.Name].name != "":
		r.movieText(b.Name, languageText(data))
	default:
		return false
	}
	return true
}

func (r *reader) movieText(typ, value string) {
	n := movieNames[typ]
	if n.name == "" {
		n.name, n.kind = typ, Text
	}
	r.add("Movie", n.name, value, n.kind)
}

// trimName returns a name that has its length before it, or a zero behind it.
func trimName(b []byte) string {
	if len(b) > 0 && int(b[0]) < len(b) && int(b[0]) >= len(bytes.TrimRight(b[1:], "\x00")) {
		b = b[1 : 1+int(b[0])]
	}
	return decode(bytes.Trim(b, "\x00"))
}

// quickTimeText returns the text of user data: its length, its language, and it.
func quickTimeText(b []byte) string {
	if len(b) >= 4 && int(binary.BigEndian.Uint16(b))+4 <= len(b) {
		return decode(b[4 : 4+binary.BigEndian.Uint16(b)])
	}
	return boxText(b)
}

// boxText returns a text, or what the data boxes of iTunes hold.
func boxText(b []byte) string {
	if len(b) >= 16 && string(b[4:8]) == "data" {
		return dataText(b)
	}
	return decode(b)
}

// languageText returns the text of 3GPP user data: version, language, and it.
func languageText(b []byte) string {
	if len(b) < 6 || string(b[:4]) != "\x00\x00\x00\x00" {
		return boxText(b)
	}
	return decode(bytes.TrimRight(b[6:], "\x00"))
}

// sampleEntry reads what a description of samples says of programs.
func (r *reader) sampleEntry(b []byte) {
	if len(b) >= 16 {
		r.add("Movie", "Vendor", decode(bytes.Trim(b[12:16], "\x00")), Software)
	}
	if len(b) >= 74 {
		r.add("Movie", "Compressor", trimName(b[42:74]), Software)
	}
}

// position reads a place as ISO 6709 writes it: +48.8584+002.2945+035/.
func (r *reader) position(s string) {
	cut := strings.LastIndexAny(s[:max(0, strings.IndexByte(s+"/", '/'))], "+-")
	if cut <= 0 {
		r.add("GPS", "Position", s, Place)
		return
	}
	if first := strings.IndexAny(s[1:], "+-"); first >= 0 && first+1 < cut {
		cut = first + 1
	}
	lat, errLat := strconv.ParseFloat(s[:cut], 64)
	rest, _, _ := strings.Cut(s[cut:], "/")
	if i := strings.IndexAny(rest[1:], "+-"); i >= 0 {
		rest = rest[:i+1] // without the height
	}
	long, errLong := strconv.ParseFloat(rest, 64)
	if errLat != nil || errLong != nil {
		r.add("GPS", "Position", s, Place)
		return
	}
	r.add("GPS", "Position", formatPosition(max(lat, -lat), max(long, -long), lat < 0, long < 0), Place)
}

// loci reads a place of 3GPP (TS 26.244 section 8.2).
func (r *reader) loci(b []byte) {
	name, rest, ok := bytes.Cut(b[min(6, len(b)):], []byte{0})
	r.add("Movie", "Place", decode(name), Place)
	if !ok || len(rest) < 9 {
		return
	}
	fixed := func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }
	long, lat := fixed(rest[1:]), fixed(rest[5:])
	r.add("GPS", "Position", formatPosition(max(lat, -lat), max(long, -long), lat < 0, long < 0), Place)
}

// A boxPart is a box in memory.
type boxPart struct {
	typ  string
	body []byte
}

// boxParts returns the whole boxes at the start of b, and no more than a person would read.
func boxParts(b []byte) []boxPart {
	var parts []boxPart
	for len(b) >= 8 && len(parts) < maxTags {
		n := int64(binary.BigEndian.Uint32(b))
		if n < 8 || n > int64(len(b)) {
			break
		}
		parts = append(parts, boxPart{string(b[4:8]), b[8:n]})
		b = b[n:]
	}
	return parts
}

// metaBox reads the lists of Apple: names in keys, or short types, with values in ilst.
func (r *reader) metaBox(b []byte) {
	if len(b) >= 8 && string(b[4:8]) != "hdlr" {
		b = b[4:] // ISO puts a version before it
	}
	var keys []string
	for _, p := range boxParts(b) {
		switch p.typ {
		case "keys":
			for _, k := range boxParts(p.body[min(8, len(p.body)):]) {
				keys = append(keys, decode(k.body))
			}
		case "ilst":
			for _, item := range boxParts(p.body) {
				r.listItem(item, keys)
			}
		case "xml ":
			r.readXMP(p.body)
		}
	}
}

func (r *reader) listItem(item boxPart, keys []string) {
	value := dataText(item.body)
	n := int(binary.BigEndian.Uint32([]byte(item.typ)))
	switch {
	case n > 0 && n <= len(keys):
		r.keyed(keys[n-1], value)
	case item.typ == "----":
		r.add("Movie", "Own tag", value, Text)
	default:
		r.movieText(strings.ReplaceAll(item.typ, "\xa9", "©"), value)
	}
}

// keyed adds a value under a name such as com.apple.quicktime.model.
func (r *reader) keyed(key, value string) {
	name := key[strings.LastIndexByte(key, '.')+1:]
	switch {
	case name == "ISO6709":
		r.position(value)
	case strings.HasSuffix(key, "content.identifier"):
		r.add("Movie", "Content identifier", value, Serial)
	default:
		kind := nameKind(name)
		if kind == Unknown {
			kind = Text
		}
		r.add("Movie", strings.ToUpper(name[:min(1, len(name))])+name[min(1, len(name)):], value, kind)
	}
}

// dataText returns the value of an item: text, a number, or how long it is.
func dataText(b []byte) string {
	var texts []string
	for _, p := range boxParts(b) {
		if (p.typ != "data" && p.typ != "name") || len(p.body) < 4 {
			continue
		}
		value := p.body[4:]
		kind := uint32(1)
		if p.typ == "data" {
			kind = binary.BigEndian.Uint32(p.body)
			value = value[min(4, len(value)):]
		}
		switch {
		case kind == 1:
			texts = append(texts, decode(value))
		case kind == 13 || kind == 14 || kind == 27:
			texts = append(texts, fmt.Sprintf("a picture, %d bytes", len(value)))
		case len(value) <= 8:
			texts = append(texts, fmt.Sprintf("%x", value))
		default:
			texts = append(texts, fmt.Sprintf("%d bytes", len(value)))
		}
	}
	return strings.Join(texts, ": ")
}

// boxTimes reads the times of a header of a movie, which count seconds from 1904.
func (r *reader) boxTimes(b media.Block) {
	d := r.body(b)
	if len(d) < 20 {
		return
	}
	times := [2]uint64{uint64(binary.BigEndian.Uint32(d[4:])), uint64(binary.BigEndian.Uint32(d[8:]))}
	if d[0] == 1 {
		times = [2]uint64{binary.BigEndian.Uint64(d[4:]), binary.BigEndian.Uint64(d[12:])}
	}
	for i, name := range []string{"Created", "Changed"} {
		if t := times[i]; t != 0 && t < 1<<33 {
			when := time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(t) * time.Second)
			r.add("Movie", name, when.Format("2006-01-02 15:04:05"), Time)
		}
	}
}

// trackWords say what tracks beside picture and sound hold, by a part of their name.
var trackWords = []struct {
	part, words string
	kind        Kind
}{
	{"(gpmd)", "places, speed and sensors of a GoPro", Place},
	{"(camm)", "places and movements of the camera", Place},
	{"(djmd)", "flight data of a DJI drone", Place},
	{"(dbgi)", "flight data of a DJI drone", Place},
	{"(rtmd)", "data of a Sony camera", Device},
	{"(CTMD)", "data of a Canon camera", Device},
	{"(mebx)", "timed data of a telephone", Place},
	{"(tmcd)", "time codes", Time},
	{"text", "text or subtitles, in which drones and dashcams write places", Text},
	{"sbtl", "text or subtitles, in which drones and dashcams write places", Text},
	{"subt", "text or subtitles, in which drones and dashcams write places", Text},
}

// telemetry tells of a track beside picture and sound.
func (r *reader) telemetry(b media.Block) {
	for _, w := range trackWords {
		if strings.Contains(b.Name, w.part) {
			r.add("Track", b.Name, w.words, w.kind)
			return
		}
	}
	r.add("Track", b.Name, "data beside picture and sound", Unknown)
}
