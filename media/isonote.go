package media

import (
	"strings"
	"unicode/utf8"
)

// User types of uuid boxes.
const (
	uuidXMP  = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	uuidC2PA = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81"
)

// boxKinds say what boxes are about that are left out. Of all others it is not known.
var boxKinds = map[string]Kind{
	"free": Structure, "skip": Structure, "wide": Structure, "iods": Structure, "load": Structure, "gmhd": Structure,
	"ctab": Structure, "trep": Structure, "leva": Structure, "saiz": Structure, "saio": Structure, "tref": Structure,
	"dinf": Structure, "grpl": Structure, "ftyp": Structure, "pdin": Structure, "sgpd": Structure, "sbgp": Structure,
	"trex": Structure, "tfra": Structure, "moof": Structure, "ssix": Structure, "subs": Structure, "colr": Profile, "prft": Timestamp,
	"iref": Structure, "chap": Structure, "tmcd": Structure, "cdsc": Structure, "hnti": Structure, "elng": Structure, "auxi": Structure,
	"meta": Comment, "xml ": Comment, "bxml": Comment,
	"XMP_": XMP, "Exif": Exif, "jumb": Origin, "c2pa": Origin, "mpvd": Picture,
	"thmb": Thumbnail, "CNTH": Thumbnail, "thum": Thumbnail, "snal": Thumbnail, "tnal": Thumbnail,
	"pnot": Thumbnail, "PICT": Thumbnail,
	"loci": Comment, "titl": Comment, "dscp": Comment, "cprt": Comment, "perf": Comment, "auth": Comment, "gnre": Comment,
	"albm": Comment, "yrrc": Comment, "kywd": Comment, "date": Comment, "name": Comment, "rtng": Comment, "clsf": Comment,
}

// noteBox notes a box that is left out or changed.
func (p *plan) noteBox(b box, k Kind, name string) {
	p.note(Block{Kind: k, Name: boxName(name), Offset: b.off, Size: b.n, Body: b.body(), BodySize: b.size(), Removed: true})
}

// boxName returns a type for reading: the types of QuickTime's texts begin with a letter of
// one byte that is not ASCII.
func boxName(typ string) string {
	if utf8.ValidString(typ) && strings.IndexFunc(typ, unprintable) < 0 {
		return typ
	}
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(typ, "\xa9", "©"), "?"))
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }

// contents notes what is in a box that is left out: of user data every box of its own.
func (p *plan) contents(b box, depth int) error {
	switch {
	case b.typ == "udta" && depth < 4:
		mark := len(p.blocks)
		err := p.source.boxes(b.body(), b.end(), func(c box) error { return p.contents(c, depth+1) }, nil)
		if err == nil && len(p.blocks) > mark {
			return p.fail
		}
		if p.fail != nil {
			return p.fail
		}
		p.blocks = p.blocks[:mark]
	case b.typ == "uuid" && b.size() >= 16:
		return p.userType(b)
	}
	kind, known := boxKinds[b.typ]
	switch {
	case known:
	case b.typ[0] == 0xa9:
		kind = Comment
	case b.typ == "udta" && b.size() <= 4:
		kind = Structure
	default:
		kind = Maker
	}
	p.noteBox(b, kind, b.typ)
	return p.fail
}

// userType notes a uuid box.
func (p *plan) userType(b box) error {
	id, err := p.at(b.body(), 16)
	if err != nil {
		return err
	}
	kind := Maker
	switch string(id) {
	case uuidXMP:
		kind = XMP
	case uuidC2PA:
		kind = Origin
	}
	p.note(Block{Kind: kind, Name: "uuid", Offset: b.off, Size: b.n, Body: b.body() + 16, BodySize: b.size() - 16, Removed: true})
	return p.fail
}
