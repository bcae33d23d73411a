package media

import (
	"fmt"
	"slices"
)

// A track is what the walks must know of a track before they go through it.
type track struct {
	box     box
	id      uint32
	handler string // what its media are: "vide", "soun"
	codec   string // of its first sample
	kept    bool
	sound   soundLayout
	stbl    box
	size    int64 // of a sample in a fragment that does not say it
}

// tracks reads what must be known of the tracks in moov.
func (s *source) tracks(moov box) ([]*track, error) {
	var list []*track
	err := s.boxes(moov.body(), moov.end(), func(b box) error {
		if b.typ != "trak" {
			return nil
		}
		if len(list) == maxTracks {
			return bad(b.off, "too many tracks")
		}
		t, err := s.track(b)
		if err == nil && slices.ContainsFunc(list, func(o *track) bool { return o.id == t.id && (o.kept || t.kept) }) {
			err = bad(b.off, "two tracks of one number")
		}
		list = append(list, t)
		return err
	}, nil)
	if err != nil {
		return nil, err
	}
	dropPreviews(list)
	return list, s.trackDefaults(moov, list)
}

// stillCodecs are those of single pictures, in formats that have metadata of their own.
var stillCodecs = []string{"jpeg", "png ", "mjpa", "mjpb", "tiff", "j2ki", "mjp2"}

// dropPreviews leaves out small pictures that stand in tracks of their own beside the video.
func dropPreviews(list []*track) {
	isStill := func(t *track) bool { return slices.Contains(stillCodecs, t.codec) }
	if !slices.ContainsFunc(list, func(t *track) bool { return t.handler == "vide" && !isStill(t) }) {
		return
	}
	for _, t := range list {
		t.kept = t.kept && !isStill(t)
	}
}

// track reads what must be known of a track.
func (s *source) track(b box) (*track, error) {
	t := &track{box: b}
	if err := s.trackID(t); err != nil {
		return nil, err
	}
	h, err := s.inside(b, "mdia", "hdlr")
	if err != nil {
		return nil, err
	}
	if h.size() >= 12 {
		body, err := s.at(h.body(), 12)
		if err != nil {
			return nil, err
		}
		t.handler = string(body[8:12])
	}
	if t.stbl, err = s.inside(b, "mdia", "minf", "stbl"); err != nil {
		return nil, err
	}
	switch t.handler {
	case "vide", "soun", "pict", "auxv":
		t.kept = true
	}
	return t, s.sampleEntry(t)
}

func (s *source) trackID(t *track) error {
	h, err := s.inside(t.box, "tkhd")
	if err != nil {
		return err
	}
	b, err := s.at(h.body(), int(min(24, h.size())))
	if err != nil || len(b) < 24 {
		return or(err, bad(t.box.off, "a track without a header"))
	}
	at := 12
	if b[0] == 1 {
		at = 20
	}
	t.id = uint32(be(b[at:], 4))
	return nil
}

// sampleEntry reads the first sample description, as far as it says what the track is.
func (s *source) sampleEntry(t *track) error {
	if t.stbl.n == 0 {
		return missing(t, "a track without a table of its samples")
	}
	stsd, err := s.inside(t.stbl, "stsd")
	if err != nil {
		return err
	}
	if stsd.size() < 16 {
		return missing(t, "a track without a description")
	}
	head, err := s.byteAt(stsd.body())
	if err != nil {
		return err
	}
	e, err := s.box(stsd.body()+8, stsd.end())
	if err != nil {
		return missing(t, "a track without a description")
	}
	t.codec = e.typ
	switch {
	case t.handler == "auxv":
		b, err := s.visualBox(e, "auxi")
		if err != nil {
			return err
		}
		keep, reason := auxiShape(b, int64(len(b)))
		t.kept = keep > 0 && reason == ""
	case e.typ == "mp4v":
		b, err := s.visualBox(e, "esds")
		if err != nil {
			return err
		}
		if kind, _ := streamKind(b); isStillStream(kind) {
			t.codec = "jpeg"
		}
	case t.handler == "soun":
		b, err := s.at(e.body(), int(min(64, e.size())))
		if err != nil {
			return err
		}
		t.sound = readSound(e.typ, b, head)
	}
	return nil
}

// visualBox returns the body of a box in a description of pictures, or nil.
func (s *source) visualBox(entry box, typ string) ([]byte, error) {
	if entry.size() < visualHead {
		return nil, nil
	}
	b, err := s.inside(box{off: entry.off, n: entry.n, head: entry.head + visualHead}, typ)
	if err != nil || b.n == 0 {
		return nil, err
	}
	return s.read(b.body(), min(b.size(), maxShape))
}

// missing refuses a track, unless it is to go anyway.
func missing(t *track, reason string) error {
	if t.kept {
		return bad(t.box.off, reason)
	}
	return nil
}

// trackDefaults reads what the movie says of fragments.
func (s *source) trackDefaults(moov box, list []*track) error {
	mvex, err := s.inside(moov, "mvex")
	if err != nil || mvex.n == 0 {
		return err
	}
	return s.boxes(mvex.body(), mvex.end(), func(b box) error {
		if b.typ != "trex" || b.size() < 24 {
			return nil
		}
		h, err := s.at(b.body(), 24)
		if err != nil {
			return err
		}
		if t := byID(list, uint32(be(h[4:], 4))); t != nil {
			t.size = be(h[16:], 4)
		}
		return nil
	}, nil)
}

// byID returns the track of a number, or nil.
func byID(list []*track, id uint32) *track {
	i := slices.IndexFunc(list, func(t *track) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return list[i]
}

// String names a track that is left out by what it holds.
func (t *track) String() string { return fmt.Sprintf("%s track (%s)", t.handler, t.codec) }

// samples adds the places of the samples of all tracks that are kept. It goes through all of
// them at once, in the order of the file, where their chunks alternate.
func (s *source) samples(list []*track, into *extents) error {
	type head struct {
		*sampling
		off, n int64
	}
	var open []*head
	for _, t := range list {
		if !t.kept {
			continue
		}
		p, err := s.sampling(t.stbl, t)
		if err != nil {
			return err
		}
		open = append(open, &head{sampling: p})
	}
	for _, h := range open {
		var err error
		if h.off, h.n, err = h.next(); err != nil {
			return err
		}
	}
	for {
		var first *head
		for _, h := range open {
			if h.n > 0 && (first == nil || h.off < first.off) {
				first = h
			}
		}
		if first == nil {
			return nil
		}
		if !into.add(first.off, first.off+first.n) {
			return bad(first.off, "the samples are in too many places")
		}
		var err error
		if first.off, first.n, err = first.next(); err != nil {
			return err
		}
	}
}
