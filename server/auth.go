package server

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A signed is a request whose signature is right: it is whole, meant for this server, and was made a short while ago by
// who holds Key. Whether that key may do anything is for the state to say.
type signed struct {
	Key   wire.PublicKey
	Nonce string
	Body  []byte // at most a few KiB; its digest is among what was signed
}

// signed reads the body of c's request, of at most limit bytes, and checks the signature as [wire.SignatureParams]
// says.
func (s *Server) signed(c echo.Context, limit int64) (*signed, error) {
	sig, err := parseSignature(c)
	if err != nil {
		return nil, err
	}
	if sig.params.Tag != s.id {
		return nil, unsigned("the signature is meant for another server")
	}
	body, err := readBody(c, limit)
	if err != nil {
		return nil, err
	}
	if err := sig.verify(c, body); err != nil {
		return nil, err
	}
	if err := s.timely(c.Request().Context(), sig.params.Created); err != nil {
		return nil, err
	}
	return &signed{Key: sig.params.KeyID, Nonce: sig.params.Nonce, Body: body}, nil
}

// signedOnce is signed for requests that change something: none of them passes twice.
func (s *Server) signedOnce(c echo.Context, limit int64) (*signed, error) {
	if err := s.strangers.admit(c); err != nil {
		return nil, err
	}
	req, err := s.signed(c, limit)
	if err != nil {
		return nil, err
	}
	markRemembered(c)
	return req, s.db.UseNonce(c.Request().Context(), req.Key, req.Nonce)
}

// enrolled is signed by a quota key.
func (s *Server) enrolled(c echo.Context, limit int64) (*signed, error) {
	req, err := s.signed(c, limit)
	if err != nil {
		return nil, err
	}
	if err := s.db.Enrolled(c.Request().Context(), req.Key); err != nil {
		return nil, notEnrolled(err)
	}
	return req, nil
}

// timely refuses what was signed more than [wire.SignatureWindow] ago or ahead, and says what time it is.
func (s *Server) timely(ctx context.Context, created int64) error {
	now, err := s.clock.now(ctx)
	if err != nil {
		return err
	}
	window := int64(wire.SignatureWindow.Seconds())
	if created < now-window || created > now+window {
		p := wire.NewProblem(wire.CodeClockSkew, "")
		p.Time = now
		return p
	}
	return nil
}

func unsigned(detail string) error { return wire.NewProblem(wire.CodeSignature, detail) }

// A signature is that of a request, taken apart but not verified.
type signature struct {
	params wire.SignatureParams
	input  string // the covered components and the parameters, as they stand in the Signature-Input field
	bytes  []byte
}

// parseSignature takes the signature of c's request apart. There must be one, with the label [wire.SignatureLabel], over
// exactly the components that it must cover and with exactly the parameters that it must have.
func parseSignature(c echo.Context) (*signature, error) {
	input, list, err := parseField[httpsfv.InnerList](c, "Signature-Input")
	if err != nil {
		return nil, err
	}
	_, value, err := parseField[httpsfv.Item](c, "Signature")
	if err != nil {
		return nil, err
	}
	sig := &signature{input: input}
	sig.bytes, _ = value.Value.([]byte)
	if len(sig.bytes) != ed25519.SignatureSize || len(value.Params.Names()) != 0 {
		return nil, unsigned("the signature is not 64 bytes")
	}
	if !covers(list, wire.Covered("", "", "", "")) {
		return nil, unsigned("the signature does not cover exactly what it must cover")
	}
	sig.params, err = parseParams(list.Params)
	return sig, err
}

// parseField parses a header field that is a structured dictionary (RFC 9651) with [wire.SignatureLabel] as its one
// member, and returns the text of that member and the member. It must be written in the canonical way, which leaves no
// room for a second reading.
func parseField[T httpsfv.Member](c echo.Context, name string) (text string, member T, err error) {
	field, err := onlyField(c, name)
	if err != nil {
		return "", member, unsigned("the request needs one " + name)
	}
	dict, err := httpsfv.UnmarshalDictionary([]string{field})
	if err != nil || len(dict.Names()) != 1 {
		return "", member, unsigned(name + " is malformed")
	}
	canonical, err := httpsfv.Marshal(dict)
	text, labelled := strings.CutPrefix(field, wire.SignatureLabel+"=")
	if err != nil || canonical != field || !labelled {
		return "", member, unsigned(name + " is malformed")
	}
	value, _ := dict.Get(wire.SignatureLabel)
	member, ok := value.(T)
	if !ok {
		return "", member, unsigned(name + " is malformed")
	}
	return text, member, nil
}

// covers reports whether list names these components, in their order and without parameters.
func covers(list httpsfv.InnerList, want []wire.Component) bool {
	return slices.EqualFunc(list.Items, want, func(item httpsfv.Item, c wire.Component) bool {
		return item.Value == c.Name && len(item.Params.Names()) == 0
	})
}

func parseParams(params *httpsfv.Params) (p wire.SignatureParams, err error) {
	get := func(name string) any { v, _ := params.Get(name); return v }
	text := func(name string) []byte { s, _ := get(name).(string); return []byte(s) }

	var known bool
	p.Created, known = get("created").(int64)
	p.Nonce = string(text("nonce"))
	switch {
	case len(params.Names()) != 5 || get("alg") != "ed25519" || !known:
		return p, unsigned("the signature does not have exactly the parameters that it must have")
	case !decodeText(make([]byte, 16), p.Nonce):
		return p, unsigned("the signature's nonce is not base64url of 16 bytes")
	case p.KeyID.UnmarshalText(text("keyid")) != nil, p.Tag.UnmarshalText(text("tag")) != nil:
		return p, unsigned("the signature's keyid or tag is not base64url of 32 bytes")
	}
	return p, nil
}

// verify checks the body against its digest and the signature over c's request.
func (sig *signature) verify(c echo.Context, body []byte) error {
	field, err := onlyField(c, "Content-Digest")
	if err != nil {
		return unsigned("a signed request needs one Content-Digest")
	}
	digest, err := wire.ParseDigest(field)
	if err != nil || digest != sha256.Sum256(body) {
		return wire.NewProblem(wire.CodeDigest, "")
	}
	r := c.Request()
	base := wire.SignatureBase(wire.Covered(r.Method, r.URL.EscapedPath(), r.URL.RawQuery, field), sig.input)
	if !ed25519.Verify(sig.params.KeyID[:], base, sig.bytes) {
		return unsigned("the signature is wrong")
	}
	return nil
}
