package cli

import (
	"slices"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A serverSettings is how a server is set up. The commands of admin share a part of it.
type serverSettings struct {
	config, state, storage, database string
	s3AccessKey, s3SecretKey         secret

	listen, publicURL, tlsCert, tlsKey string
	trustedProxies                     []string
	metricsListen, readyFile, logLevel string

	enrol                          string
	defaultTTL, maxTTL             time.Duration
	maxSize, maxBytes              int64
	dayBytes, mailboxBytes         int64
	dayMailboxes, mailboxEnvelopes int
	introPerDay, refusalsPerMinute int
	maxUploads, maxWaiters         int

	bound []setting // what table or pick returned last
}

// table binds all of c, in the order in which docs/CONFIG.md has them.
func (c *serverSettings) table() []setting {
	c.bound = slices.Concat(c.places(), c.addresses(), c.rules(), c.quotas(), c.loads())
	return c.bound
}

// pick binds the settings of these names.
func (c *serverSettings) pick(names ...string) []setting {
	c.bound = slices.DeleteFunc(c.table(), func(s setting) bool { return !slices.Contains(names, s.name) })
	return c.bound
}

// source returns the setting of this name, with where its value came from.
func (c *serverSettings) source(name string) setting {
	return c.bound[slices.IndexFunc(c.bound, func(s setting) bool { return s.name == name })]
}

func (c *serverSettings) places() []setting {
	return []setting{
		configSetting(&c.config),
		{
			name: "state", arg: "DIR", value: text(&c.state, ""),
			help: "the server's folder", otherwise: "mayfly-server in your state folder",
			more: "Holds serve.json, by which the admin commands find storage and database, and both of these " +
				"unless they are elsewhere. One serve at a time uses a folder with a database in it.",
		},
		{
			name: "storage", arg: "URL", value: text(&c.storage, ""),
			help: "where sealed files go, such as s3+https://HOST/BUCKET/PREFIX", otherwise: "a folder in --state",
			more: "A folder is dir:PATH. There is s3+http too, for a bucket on your own network, and ?region=NAME where the provider wants one. " +
				"A bucket that keeps old versions keeps what should be gone: try `mayfly admin check-storage`.",
		},
		{
			name: "s3-access-key", arg: "TEXT", secret: true, value: hush(&c.s3AccessKey),
			help: "the name of the key that opens the bucket",
			more: "Needed with an s3 storage, by the admin commands too.",
		},
		{
			name: "s3-secret-key", arg: "TEXT", secret: true, value: hush(&c.s3SecretKey),
			help: "the key that opens the bucket",
			more: "Needed with an s3 storage, by the admin commands too.",
		},
		{
			name: "database", arg: "URL", value: text(&c.database, ""),
			help: "a PostgreSQL database, postgres://USER@HOST/NAME", otherwise: "SQLite in --state",
			more: "Needed where several servers share the work. A password belongs in MAYFLY_DATABASE_FILE, because arguments show in the list of processes: " +
				"the file holds the whole URL. serve.json then names that file. A URL from elsewhere stands in serve.json itself, " +
				"which only its owner can read.",
		},
	}
}

func (c *serverSettings) addresses() []setting {
	return []setting{
		{
			name: "listen", arg: "ADDRESS", value: text(&c.listen, "127.0.0.1:8080"),
			help: "the address to listen on; port 0 takes a free one",
			more: "An address that others can reach needs --tls-cert and --tls-key, or a proxy named by --trusted-proxies " +
				"that speaks TLS: serve refuses to start otherwise.",
		},
		{
			name: "public-url", arg: "URL", value: text(&c.publicURL, ""),
			help: "how clients reach it, such as https://share.example.org", otherwise: "the address of --listen",
			more: "It goes into invites and contact strings, so set it before the first of them. Scheme and host, nothing else.",
		},
		{
			name: "tls-cert", arg: "FILE", value: text(&c.tlsCert, ""),
			help: "the certificate chain, in PEM",
			more: "Read anew when the file changes, so a renewed certificate needs no restart.",
		},
		{
			name: "tls-key", arg: "FILE", value: text(&c.tlsKey, ""),
			help: "the key of the certificate, in PEM",
		},
		{
			name: "trusted-proxies", arg: "NETWORKS", value: list(&c.trustedProxies),
			help: "networks such as 10.0.0.0/8 whose X-Forwarded-For is believed",
			more: "Behind a proxy that is not named here all clients look like one, and share its limits. " +
				"Whoever is named here wrongly can pretend to be anybody.",
		},
		{
			name: "metrics-listen", arg: "ADDRESS", value: text(&c.metricsListen, ""),
			help: "an address for Prometheus to read /metrics at",
			more: "Keep it away from the public.",
		},
		{
			name: "ready-file", arg: "FILE", value: text(&c.readyFile, ""),
			help: "write the URL into FILE once the server answers",
			more: "It appears whole, so that who waits for it may read it at once.",
		},
		{
			name: "log-level", arg: "LEVEL", value: choice(&c.logLevel, "info", "debug", "info", "warn", "error"),
			help: "debug, info, warn or error",
			more: "At every level the log holds no addresses, names or identifiers.",
		},
	}
}

func (c *serverSettings) rules() []setting {
	return []setting{
		{
			name: "enrol", arg: "WHO", value: choice(&c.enrol, "invite", "invite", "open", "closed"),
			help: "who may join: invite, open or closed",
			more: "With open, anybody who reaches the server can fill it up to its quotas.",
		},
		{
			name: "default-ttl", arg: "DURATION", value: duration(&c.defaultTTL, wire.DefaultTTL),
			help: "the time to live that clients use if they are told none",
		},
		{
			name: "max-ttl", arg: "DURATION", value: duration(&c.maxTTL, wire.MaxTTLDefault),
			help: "the longest time to live",
			more: "Keep no backup of the database for longer than this, or what has expired could be read with it.",
		},
		{
			name: "max-size", arg: "SIZE", value: size(&c.maxSize, 16<<30),
			help: "the largest file",
		},
		{
			name: "max-bytes", arg: "SIZE", value: size(&c.maxBytes, 256<<30),
			help: "the room for all files together",
			more: "Counted when an upload begins. Set it below what the disk or bucket has; beyond it senders are told that the server is full.",
		},
	}
}

func (c *serverSettings) quotas() []setting {
	return []setting{
		{
			name: "day-bytes", arg: "SIZE", value: size(&c.dayBytes, 64<<30),
			help: "how much one member may upload in a day",
		},
		{
			name: "day-mailboxes", arg: "N", value: count(&c.dayMailboxes, 32),
			help: "how many mailboxes and entries in the directory one member may make in a day",
		},
		{
			name: "mailbox-envelopes", arg: "N", value: count(&c.mailboxEnvelopes, 4096),
			help: "how many messages wait in one mailbox",
		},
		{
			name: "mailbox-bytes", arg: "SIZE", value: size(&c.mailboxBytes, 64<<20),
			help: "how many bytes of messages wait in one mailbox",
		},
		{
			name: "intro-per-day", arg: "N", value: count(&c.introPerDay, 64),
			help: "how many messages from strangers one mailbox takes in a day",
		},
	}
}

func (c *serverSettings) loads() []setting {
	return []setting{
		{
			name: "max-uploads", arg: "N", value: count(&c.maxUploads, 64),
			help: "how many parts are received at the same time",
			more: "Each takes about 128 KiB of memory; more wait a moment and are then told to come back.",
		},
		{
			name: "max-waiters", arg: "N", value: count(&c.maxWaiters, 4096),
			help: "how many clients wait for messages at the same time",
			more: "Each takes about 32 KiB of memory.",
		},
		{
			name: "refusals-per-minute", arg: "N", value: count(&c.refusalsPerMinute, 600),
			help: "how many signed requests from one network may be refused in a minute",
			more: "A network is an IPv4 address or an IPv6 /64. Beyond this it is told to come back later.",
		},
	}
}
