package media

// The boxes that a player needs, and where they may stand (ISO/IEC 14496-12 and the
// QuickTime File Format Specification). All others give way to free space.
var (
	topTree = map[string]rule{
		"ftyp": {many: false, whole: true}, // brandShape, by format
		"styp": {many: true, whole: true},
		"meta": {},
		"moov": {kids: moovTree},
		"moof": {kids: moofTree, many: true},
		"mdat": {many: true},
		"sidx": {shape: sidxShape, many: true},
		"mfra": {kids: mfraTree},
	}
	moovTree = map[string]rule{
		"mvhd": {shape: mvhdShape, kind: Timestamp},
		"trak": {kids: trakTree, many: true},
		"mvex": {kids: mvexTree},
	}
	mvexTree = map[string]rule{
		"mehd": {shape: byVersion(8, 12)},
		"trex": {shape: fixed(24, [2]int{0, 4}), many: true},
	}
	trakTree = map[string]rule{
		"tkhd": {shape: tkhdShape, kind: Timestamp},
		"edts": {kids: map[string]rule{"elst": {shape: table(4, 12, 20)}}},
		"tref": {kids: trefTree},
		"tapt": {kids: map[string]rule{
			"clef": {shape: fixed(12, [2]int{0, 4})},
			"prof": {shape: fixed(12, [2]int{0, 4})},
			"enof": {shape: fixed(12, [2]int{0, 4})},
		}},
		"mdia": {kids: map[string]rule{
			"mdhd": {shape: mdhdShape, kind: Timestamp},
			"hdlr": {shape: hdlrShape, kind: Comment},
			"elng": {shape: elngShape, kind: Comment, whole: true},
			"minf": {kids: minfTree},
		}},
	}
	// References between tracks that are kept.
	trefTree = map[string]rule{
		"auxl": {shape: keepAll}, "vdep": {shape: keepAll}, "scal": {shape: keepAll},
		"sbas": {shape: keepAll}, "fall": {shape: keepAll}, "folw": {shape: keepAll},
		"prem": {shape: keepAll}, "thmb": {shape: keepAll},
	}
	minfTree = map[string]rule{
		"vmhd": {shape: fixed(12, [2]int{0, 3})},
		"smhd": {shape: fixed(8, [2]int{0, 4}, [2]int{6, 8})},
		"nmhd": {shape: fixed(4, [2]int{0, 4})},
		"hdlr": {shape: hdlrShape, kind: Comment},
		"dinf": {kids: map[string]rule{"dref": {shape: drefShape, kind: Comment, whole: true}}},
		"stbl": {kids: stblTree},
	}
	stblTree = map[string]rule{
		"stsd": {}, // sample descriptions have a walk of their own
		"stts": {shape: table(4, 8)},
		"ctts": {shape: table(4, 8, 8)},
		"cslg": {shape: byVersion(24, 44)},
		"stss": {shape: table(4, 4)},
		"stps": {shape: table(4, 4)},
		"stsz": {shape: stszShape},
		"stz2": {shape: stz2Shape},
		"stsc": {shape: table(4, 12)},
		"stco": {shape: table(4, 4)},
		"co64": {shape: table(4, 8)},
		"sdtp": {shape: keepAll},
		"sgpd": {shape: sgpdShape, many: true},
		"sbgp": {shape: sbgpShape, many: true},
	}
	moofTree = map[string]rule{
		"mfhd": {shape: fixed(8, [2]int{0, 4})},
		"traf": {kids: trafTree, many: true},
	}
	trafTree = map[string]rule{
		"tfhd": {shape: tfhdShape},
		"tfdt": {shape: byVersion(8, 12)},
		"trun": {shape: trunShape, many: true},
		"sdtp": {shape: keepAll},
		"sgpd": {shape: sgpdShape, many: true},
		"sbgp": {shape: sbgpShape, many: true},
	}
	mfraTree = map[string]rule{
		"tfra": {shape: tfraShape, many: true},
		"mfro": {shape: fixed(8, [2]int{0, 4})},
	}
)

// What may describe how the samples of a kept track are coded.
var (
	videoCodecs = []string{
		"avc1", "avc2", "avc3", "avc4", "hvc1", "hvc2", "hev1", "hev2", "dvh1", "dvhe", "dva1", "dvav", "dav1",
		"vvc1", "vvi1", "av01", "vp08", "vp09", "mp4v", "s263", "h263", "H263", "mp2v", "mp1v", "m2v1",
		"apch", "apcn", "apcs", "apco", "ap4h", "ap4x", "SVQ1", "cvid", "rle ", "rpza", "smc ", "raw ", "uncv", "2vuy", "v210",
		"DIVX", "XVID", "DX50", "3IV2", "FMP4", "icod", "h264", "H264", "lhv1", "lhe1", "hvt1",
	}
	audioCodecs = []string{
		"mp4a", "alac", "ac-3", "ec-3", "ac-4", "Opus", "fLaC", "samr", "sawb", "sawp", "sevc", "sqcp", ".mp3", "mp3 ",
		"twos", "sowt", "lpcm", "in24", "in32", "fl32", "fl64", "raw ", "NONE", "ulaw", "alaw", "ima4", "agsm", "ipcm", "fpcm",
		"QDM2", "QDMC", "MAC3", "MAC6", "dtsc", "dtse", "dtsh", "dtsl", "mha1", "mhm1", "mhm2", "apac", "ms\x00\x02", "ms\x00\x11", "ms\x00U",
	}
	config    = rule{shape: keepAll, whole: true}
	videoTree = map[string]rule{
		"avcC": {shape: avcCShape, whole: true}, "hvcC": {shape: hvcCShape, whole: true}, "lhvC": config, "vvcC": config, "av1C": config, "vpcC": config, "esds": {shape: esdsShape, whole: true},
		"dvcC": config, "dvvC": config, "dvwC": config, "SmDm": config, "CoLL": config, "cclv": config, "amve": config,
		"auxi": {shape: auxiShape, whole: true}, "uncC": config, "cmpd": config,
		"d263": {shape: fixed(7, [2]int{0, 4})},
		"pasp": {shape: fixed(8)}, "clap": {shape: fixed(32)}, "fiel": {shape: fixed(2)}, "gama": {shape: fixed(4)},
		"mdcv": {shape: fixed(24)}, "clli": {shape: fixed(4)}, "ccst": {shape: fixed(8, [2]int{0, 4})},
		"btrt": {shape: fixed(12)}, "bitr": {shape: fixed(8)},
		"colr": {shape: colrShape, whole: true, many: true, kind: Profile},
		"st3d": {shape: fixed(5, [2]int{0, 4})},
		"sv3d": {kids: map[string]rule{
			"svhd": {shape: svhdShape, whole: true, kind: Comment},
			"proj": {kids: map[string]rule{
				"prhd": {shape: fixed(16, [2]int{0, 4})},
				"equi": {shape: fixed(20, [2]int{0, 4})},
				"cbmp": {shape: fixed(12, [2]int{0, 4})},
			}},
		}},
	}
	audioTree = map[string]rule{
		"esds": {shape: esdsShape, whole: true}, "alac": config, "dac3": config, "dec3": config, "dac4": config, "dOps": config, "SA3D": config,
		"ddts": config, "mhaC": config, "chan": config, "chnl": config, "pcmC": config, "dapa": config,
		"dfLa": {shape: dfLaShape, whole: true, kind: Comment},
		"damr": {shape: fixed(9, [2]int{0, 5})},
		"srat": {shape: fixed(8, [2]int{0, 4})}, "btrt": {shape: fixed(12)},
		"wave": {kids: map[string]rule{
			"frma": {shape: fixed(4)}, "enda": {shape: fixed(2)}, "mp4a": {shape: fixed(4)},
			"esds": {shape: esdsShape, whole: true}, "alac": config, "chan": config, "ms\x00\x02": config, "ms\x00\x11": config, "ms\x00U": config,
			"\x00\x00\x00\x00": {shape: fixed(0)}, // the end of the list
		}},
	}
)

// auxiShape keeps of an auxiliary track only that it is transparency.
func auxiShape(b []byte, n int64) (int64, string) {
	if n < 5 {
		return 0, cutOffBox
	}
	clear(b[:4])
	for _, urn := range alphaURNs {
		if string(b[4:min(len(b), 4+len(urn))]) == urn {
			return int64(4 + len(urn)), ""
		}
	}
	return notNeeded, ""
}

// alphaURNs name an auxiliary picture that holds transparency.
var alphaURNs = []string{
	"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
	"urn:mpeg:hevc:2015:auxid:1",
	"urn:mpeg:avc:2015:auxid:1",
}
