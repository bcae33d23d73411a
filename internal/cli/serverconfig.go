package cli

import (
	"log/slog"
	"net/netip"
	"strings"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// serverConfig returns c as package server wants it.
func (c *serverSettings) serverConfig(u *ui) (server.Config, error) {
	// A limit that was not chosen gives way to one that was.
	if c.source("max-size").from == "" {
		c.maxSize = min(c.maxSize, c.maxBytes/2)
	}
	if c.source("default-ttl").from == "" {
		c.defaultTTL = min(c.defaultTTL, c.maxTTL)
	}
	if c.maxSize > wire.MaxFileSize {
		return server.Config{}, usagef("--max-size: no file is larger than %s", formatSize(wire.MaxFileSize))
	}
	proxies, err := parseNetworks(c.trustedProxies)
	if err != nil {
		return server.Config{}, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return server.Config{}, err
	}
	cfg := server.Config{
		PublicURL: strings.TrimSuffix(c.publicURL, "/"), Enrol: server.Enrolment(c.enrol),
		DefaultTTL: c.defaultTTL, MaxTTL: c.maxTTL,
		MaxSize: wire.BlobSize(wire.PaddedSize(c.maxSize)), MaxBytes: c.maxBytes,
		DayBytes: c.dayBytes, DayMailboxes: c.dayMailboxes,
		MailboxEnvelopes: c.mailboxEnvelopes, MailboxBytes: c.mailboxBytes, IntroPerDay: c.introPerDay,
		MaxUploads: c.maxUploads, MaxWaiters: c.maxWaiters, RefusalsPerMinute: c.refusalsPerMinute,
		TrustedProxies: proxies,
		Log:            slog.New(slog.NewTextHandler(u.env.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// parseNetworks parses networks such as 10.0.0.0/8, and single addresses.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, usagef("--trusted-proxies: %q is no network such as 10.0.0.0/8", s)
		}
		networks = append(networks, p)
	}
	return networks, nil
}
