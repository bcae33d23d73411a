package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Enrolment says who may enrol a quota key.
type Enrolment string

// The ways to enrol.
const (
	EnrolInvite Enrolment = "invite" // who shows an invite that nobody used yet
	EnrolOpen   Enrolment = "open"   // everybody
	EnrolClosed Enrolment = "closed" // nobody; the keys that are enrolled stay so
)

// A Config says how a [Server] behaves. Its zero value is that of a small server for friends; zero in a field
// means the default that the field's comment gives.
type Config struct {
	// PublicURL is the address at which clients reach the server, such as "https://share.example.org": scheme and
	// host, nothing else. The server never derives an address from a request. Empty: it names none.
	PublicURL string
	// Names are further addresses of the same form.
	Names []string

	// Enrol says who may enrol. Default: [EnrolInvite].
	Enrol Enrolment

	// DefaultTTL is the time to live that the server suggests to clients, in whole seconds. Default: [wire.DefaultTTL],
	// or MaxTTL if that is less.
	DefaultTTL time.Duration
	// MaxTTL is the longest time to live of a blob, in whole seconds. Default: [wire.MaxTTLDefault].
	MaxTTL time.Duration

	// MaxSize is the largest |blob| in bytes. Default: that of a file of 16 GiB.
	MaxSize int64
	// MaxBytes is how many bytes of blobs there may be on the server, unfinished ones counted whole. Default: 256 GiB.
	MaxBytes int64

	// DayBytes is for how many bytes of blobs one quota key has tickets issued in a day of UTC. Default: 64 GiB.
	DayBytes int64
	// DayMailboxes is how many tickets for mailboxes, links and locators one quota key has issued in a day of UTC,
	// together. Default: 32.
	DayMailboxes int

	// MailboxEnvelopes is how many envelopes wait in one mailbox. Default: 4096.
	MailboxEnvelopes int
	// MailboxBytes is how many bytes of envelopes wait in one mailbox. Default: 64 MiB.
	MailboxBytes int64
	// IntroPerDay is how many envelopes a mailbox takes by its intro key in a day of UTC. Default: 64.
	IntroPerDay int

	// MaxUploads is how many parts are received at the same time; more wait a moment and are then told to come back.
	// Each needs about 128 KiB of memory. Default: 64.
	MaxUploads int
	// MaxWaiters is how many long-polls and event streams there may be at the same time. Each needs about 32 KiB of
	// memory. Default: 4096.
	MaxWaiters int
	// RefusalsPerMinute is how many signed requests from one network (an IPv4 address or an IPv6 /64) may be refused
	// in a minute after they made the server remember a nonce. Default: 600.
	RefusalsPerMinute int

	// TrustedProxies are the networks from which an X-Forwarded-For field is believed. Empty: none.
	TrustedProxies []netip.Prefix

	// Log takes what the server logs. Only attributes on an allowlist reach it, whatever its level. Nil: nothing is
	// logged.
	Log *slog.Logger
}

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	def(&c.Enrol, EnrolInvite)
	def(&c.MaxTTL, wire.MaxTTLDefault)
	def(&c.DefaultTTL, min(wire.DefaultTTL, c.MaxTTL))
	def(&c.MaxSize, wire.BlobSize(16<<30))
	def(&c.MaxBytes, 256<<30)
	def(&c.DayBytes, 64<<30)
	def(&c.DayMailboxes, 32)
	def(&c.MailboxEnvelopes, 4096)
	def(&c.MailboxBytes, 64<<20)
	def(&c.IntroPerDay, 64)
	def(&c.MaxUploads, 64)
	def(&c.MaxWaiters, 4096)
	def(&c.RefusalsPerMinute, 600)
	def(&c.Log, slog.New(slog.DiscardHandler))
	return c
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Validate returns an error that names what is wrong with c, all of it.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	for _, name := range c.names() {
		errs = append(errs, validURL(name))
	}
	for _, p := range c.TrustedProxies {
		if !p.IsValid() {
			errs = append(errs, errors.New("server: a network of trusted proxies is not valid"))
		}
	}
	if c.Enrol != EnrolInvite && c.Enrol != EnrolOpen && c.Enrol != EnrolClosed {
		errs = append(errs, fmt.Errorf("server: enrolment is %q, %q or %q", EnrolInvite, EnrolOpen, EnrolClosed))
	}
	return errors.Join(append(errs, c.validTimes(), c.validNumbers())...)
}

func (c Config) names() []string {
	names := make([]string, 0, 1+len(c.Names)) // never nil: it is JSON
	if c.PublicURL != "" {
		names = append(names, c.PublicURL)
	}
	return append(names, c.Names...)
}

func validURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || s != u.Scheme+"://"+u.Host {
		return fmt.Errorf(`server: a public address is like "https://share.example.org", not %q`, s)
	}
	return nil
}

func (c Config) validTimes() error {
	switch {
	case c.MaxTTL < time.Second || c.DefaultTTL < time.Second:
		return errors.New("server: a time to live is at least a second")
	case c.MaxTTL%time.Second != 0 || c.DefaultTTL%time.Second != 0:
		return errors.New("server: a time to live is in whole seconds")
	case c.DefaultTTL > c.MaxTTL:
		return errors.New("server: the default time to live is longer than the longest")
	}
	return nil
}

func (c Config) validNumbers() error {
	for _, row := range []struct {
		name     string
		n, least int64
	}{
		{"the largest blob", c.MaxSize, wire.BlobSize(wire.PaddedSize(0))},
		{"the room for all blobs", c.MaxBytes, c.MaxSize},
		{"a day's bytes", c.DayBytes, 1},
		{"a day's mailboxes", int64(c.DayMailboxes), 1},
		{"a mailbox's envelopes", int64(c.MailboxEnvelopes), 1},
		{"a mailbox's bytes", c.MailboxBytes, wire.MaxEnvelope},
		{"a mailbox's introductions in a day", int64(c.IntroPerDay), 1},
		{"the number of uploads", int64(c.MaxUploads), 1},
		{"the number of waiting readers", int64(c.MaxWaiters), 1},
		{"the refusals in a minute", int64(c.RefusalsPerMinute), 1},
	} {
		if row.n < row.least {
			return fmt.Errorf("server: %s may not be less than %d", row.name, row.least)
		}
	}
	return nil
}

// secure reports whether clients reach the server through TLS.
func (c Config) secure() bool { return strings.HasPrefix(c.PublicURL, "https:") }
