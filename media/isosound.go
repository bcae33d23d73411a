package media

import "slices"

// A soundLayout says how long samples of sound are. In QuickTime the table of sample sizes
// need not tell it: there a sample may be one moment of all channels, and its size a number
// that nobody reads (QuickTime File Format, "Sound Sample Descriptions").
type soundLayout struct {
	bytes, samples int64 // so many bytes hold so many samples; 0 if the table tells it
}

// pcmBits are the lengths of the samples of sound that is not compressed.
var pcmBits = map[string]int64{
	"twos": 0, "sowt": 0, "lpcm": 0, "raw ": 0, "NONE": 0, "ulaw": 8, "alaw": 8,
	"in24": 24, "in32": 32, "fl32": 32, "fl64": 64,
}

// readSound reads the fixed part of a sound description of a stsd box of the given version.
func readSound(codec string, b []byte, stsdVersion byte) soundLayout {
	if len(b) < 28 {
		return soundLayout{}
	}
	bits, pcm := pcmBits[codec]
	version := be(b[8:], 2)
	switch {
	case version == 1 && stsdVersion == 0 && len(b) >= 44:
		if perPacket, perFrame := be(b[28:], 4), be(b[36:], 4); perPacket > 0 && perFrame > 0 {
			return soundLayout{perFrame, perPacket}
		}
	case version == 2 && len(b) >= 64:
		if n, samples := be(b[56:], 4), be(b[60:], 4); n > 0 && samples > 0 {
			return soundLayout{n, samples}
		}
	case pcm && bits == 0:
		return soundLayout{be(b[16:], 2) * ((be(b[18:], 2) + 7) / 8), 1}
	case pcm:
		return soundLayout{be(b[16:], 2) * bits / 8, 1}
	}
	return soundLayout{}
}

// sizer returns how many bytes a row of samples has, where the table says that each of them
// has the same size. A size of one byte is the number that nobody reads.
func (l soundLayout) sizer(each int64) func(samples int64) int64 {
	if l.samples == 0 || l.bytes == 0 || each > 1 && each*l.samples >= l.bytes {
		return func(samples int64) int64 { return samples * each }
	}
	return func(samples int64) int64 { return (samples + l.samples - 1) / l.samples * l.bytes }
}

// visualHead and soundHead are the lengths of the fixed parts of sample descriptions.
const (
	visualHead = 78
	soundHead  = 28
)

// entryShape clears what a sample description says of its maker, and returns where the
// boxes in it begin, or a reason for refusal.
func entryShape(t *track, typ string, b []byte, stsdVersion byte) (first int, reason string) {
	switch {
	case len(b) < 8:
		return 0, cutOffBox
	case typ == "encv" || typ == "enca" || typ == "drms" || typ == "drmi" || typ == "resv":
		return 0, "it is encrypted or protected"
	case t.handler == "soun" && slices.Contains(audioCodecs, typ):
		return soundEntry(b, stsdVersion)
	case t.handler != "soun" && slices.Contains(videoCodecs, typ):
		return visualEntry(b)
	}
	return 0, "a way of coding that is not known: " + quoted(typ)
}

// quoted returns a type of four characters for reading.
func quoted(typ string) string {
	b := []byte(typ)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return `"` + string(b) + `"`
}

func visualEntry(b []byte) (int, string) {
	if len(b) < visualHead {
		return 0, cutOffBox
	}
	clear(b[:6])
	clear(b[8:24])  // version, maker and quality
	clear(b[36:40]) // the size of the data
	clear(b[42:74]) // the name of the program
	if depth := be(b[74:], 2); be(b[76:], 2) == 0 && slices.Contains([]int64{1, 2, 4, 8, 34, 36, 40}, depth) {
		return 0, "a table of colours"
	}
	return visualHead, ""
}

func soundEntry(b []byte, stsdVersion byte) (int, string) {
	if len(b) < soundHead {
		return 0, cutOffBox
	}
	version := be(b[8:], 2)
	clear(b[:6])
	clear(b[10:16]) // revision and maker
	first := soundHead
	switch {
	case version == 1 && stsdVersion == 0:
		first += 16
	case version == 2:
		first += 36
	case version > 2:
		return 0, "a sound of an unknown version"
	}
	if len(b) < first {
		return 0, cutOffBox
	}
	return first, ""
}
