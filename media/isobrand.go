package media

import (
	"encoding/binary"
	"slices"
)

// Brands (ISO/IEC 14496-12 section 4.3) that say which rules a file follows. All others
// could say anything, such as who made the camera, and are replaced.
var knownBrands = map[string]Format{
	"heic": HEIC, "heix": HEIC, "heim": HEIC, "heis": HEIC, "hevc": HEIC, "hevx": HEIC,
	"hevm": HEIC, "hevs": HEIC, "mif1": HEIC, "mif2": HEIC, "msf1": HEIC,
	"avif": AVIF, "avis": AVIF,
	"qt  ": QuickTime,
	"3gp4": ThreeGP, "3gp5": ThreeGP, "3gp6": ThreeGP, "3gp7": ThreeGP, "3gp8": ThreeGP, "3gp9": ThreeGP,
	"3gr6": ThreeGP, "3gs6": ThreeGP, "3ge6": ThreeGP, "3gg6": ThreeGP,
	"3g2a": ThreeGP, "3g2b": ThreeGP, "3g2c": ThreeGP,
	"M4A ": M4A, "M4B ": M4A,
	"isom": MP4, "iso2": MP4, "iso3": MP4, "iso4": MP4, "iso5": MP4, "iso6": MP4, "iso7": MP4,
	"iso8": MP4, "iso9": MP4, "isoa": MP4, "isob": MP4, "isoc": MP4, "mp41": MP4, "mp42": MP4, "mp71": MP4,
	"avc1": MP4, "hvc1": MP4, "av01": MP4, "dash": MP4, "msdh": MP4, "msix": MP4, "cmfc": MP4, "cmf2": MP4,
	"M4V ": MP4, "M4VH": MP4, "M4VP": MP4, "f4v ": MP4, "F4V ": MP4, "MSNV": MP4, "dby1": MP4,
	// These say more of a file whose format another brand names.
	"miaf": 0, "MiHE": 0, "MiHB": 0, "MiHA": 0, "MiAB": 0, "MA1A": 0, "MA1B": 0, "MiPr": 0, "tmap": 0, "avio": 0,
}

// defaultBrand stands in place of a brand that is not known.
var defaultBrand = [...]string{HEIC: "mif1", AVIF: "avif", MP4: "isom", QuickTime: "qt  ", ThreeGP: "3gp5", M4A: "M4A "}

// isBoxes reports whether f is a format of the ISO base media family.
func (f Format) isBoxes() bool { return f.known() >= HEIC }

// isPicture reports whether f is for pictures, of which some move.
func (f Format) isPicture() bool { return f == HEIC || f == AVIF }

// detectBoxes returns the format of a file that begins with a box.
func detectBoxes(head []byte) Format {
	if len(head) < 16 {
		return 0
	}
	n := int64(binary.BigEndian.Uint32(head))
	switch string(head[4:8]) {
	case "ftyp":
		if n >= 16 {
			return brandFormat(head[8:min(n, int64(len(head)))])
		}
	case "moov", "mdat", "wide", "free", "skip", "pnot":
		if n >= 8 || n == 1 {
			return QuickTime // of before there were brands
		}
	}
	return 0
}

// brandFormat returns the format that the body of an ftyp box names: by the major brand, or
// else by the first of the compatible ones that is known. Of files by the rules for pictures
// in general the compatible brands say more.
func brandFormat(body []byte) Format {
	var brands []string
	for i := 0; i+4 <= len(body); i += 4 {
		if i != 4 { // the minor version
			brands = append(brands, string(body[i:i+4]))
		}
	}
	switch brands[0] {
	case "crx ", "M4P ", "jp2 ", "jpx ", "jxl ":
		return 0
	case "mif1", "mif2", "msf1":
		if slices.Contains(brands, "avif") || slices.Contains(brands, "avis") {
			return AVIF
		}
	}
	for _, b := range brands {
		if f := knownBrands[b]; f != 0 {
			return f
		}
	}
	return 0
}

// brandShape leaves of an ftyp or styp box the brands that are known.
func brandShape(f Format) shape {
	return func(b []byte, n int64) (int64, string) {
		if n < 8 {
			return 0, "a list of brands that is cut off"
		}
		clear(b[4:8]) // the minor version
		keep := n &^ 3
		if keep > int64(len(b)) {
			return 0, "too many brands"
		}
		for i := int64(0); i < keep; i += 4 {
			if _, ok := knownBrands[string(b[i:i+4])]; !ok && i != 4 {
				copy(b[i:], defaultBrand[f])
			}
		}
		return keep, ""
	}
}
