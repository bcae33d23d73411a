package server

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

// metrics are what the server counts. No label holds anything that a client chose.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	reaped      *prometheus.CounterVec
	stored      prometheus.Counter
	deleted     prometheus.Counter
	lost        prometheus.Counter
	orphans     prometheus.Counter
	storeErrors prometheus.Counter
	connErrors  prometheus.Counter
	panics      prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: vec("requests_total", "Requests answered.", "method", "route", "status"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mayfly_request_seconds", Help: "How long requests took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"route"}),
		reaped:      vec("reaped_total", "Rows removed because their time was up.", "kind"),
		stored:      counter("stored_bytes_total", "Bytes of parts stored."),
		deleted:     counter("deleted_objects_total", "Objects deleted."),
		lost:        counter("lost_parts_total", "Parts whose object was found missing."),
		orphans:     counter("orphans_total", "Objects that nothing knew of, deleted."),
		storeErrors: counter("store_errors_total", "Failures of the store."),
		connErrors:  counter("connection_errors_total", "Connections that failed below HTTP."),
		panics:      counter("panics_total", "Faults of this program."),
	}
	m.registry.MustRegister(
		m.requests, m.duration, m.reaped, m.stored, m.deleted, m.lost, m.orphans, m.storeErrors, m.connErrors, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("readers", "Long-polls and event streams that wait.", func() float64 { return float64(s.hub.readers()) }),
		gauge("uploads", "Parts on their way in.", func() float64 { return float64(len(s.uploads)) }),
		&stateCollector{s},
	)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "mayfly_" + name, Help: help})
}

func vec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mayfly_" + name, Help: help}, labels)
}

func gauge(name, help string, f func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mayfly_" + name, Help: help}, f)
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) reap(r state.Reaped) {
	for kind, n := range map[string]int{
		"blob": r.Blobs, "envelope": r.Envelopes, "intent": r.Intents, "ticket": r.Tickets,
		"invite": r.Invites, "nonce": r.Nonces, "locator": r.Locators, "other": r.Others,
	} {
		m.reaped.WithLabelValues(kind).Add(float64(n))
	}
}

// A stateCollector asks the database when it is asked itself.
type stateCollector struct{ s *Server }

var (
	outboxRows   = desc("outbox_rows", "Objects that are to be deleted.")
	outboxOldest = desc("outbox_oldest_seconds", "How long the oldest of them has waited. More than a minute: the store is not well.")
	blobCount    = desc("blobs", "Blobs, unfinished ones included.")
	blobBytes    = desc("blob_bytes", "Bytes of blobs, unfinished ones counted whole.")
	lostCount    = desc("lost_parts", "Parts whose object is missing.")
	mailboxCount = desc("mailboxes", "Mailboxes.")
	envelopes    = desc("envelopes", "Envelopes that wait.")
)

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("mayfly_"+name, help, nil, nil)
}

// Describe implements [prometheus.Collector].
func (sc *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		outboxRows, outboxOldest, blobCount, blobBytes, lostCount, mailboxCount, envelopes,
	} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector]. What the database does not tell in time is left out.
func (sc *stateCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), healthTime)
	defer cancel()
	tell := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	if rows, oldest, err := sc.s.db.OutboxStats(ctx); err == nil {
		tell(outboxRows, float64(rows))
		tell(outboxOldest, float64(oldest))
	}
	if st, err := sc.s.db.Stats(ctx); err == nil {
		tell(blobCount, float64(st.Blobs+st.OpenBlobs))
		tell(blobBytes, float64(st.BytesUsed+st.BytesReserved))
		tell(lostCount, float64(st.LostParts))
		tell(mailboxCount, float64(st.Mailboxes))
		tell(envelopes, float64(st.Envelopes))
	}
}

// adminRoutes is everything that this server answers to its operator.
func (s *Server) adminRoutes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard)
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = echo.ExtractIPDirect()
	e.Use(s.edge)
	read(e, "/healthz", text("ok\n"))
	read(e, "/readyz", s.readyz)
	read(e, "/metrics", echo.WrapHandler(promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})))
	return e
}
