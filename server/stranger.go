package server

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// strangers bounds how many nonces a network can make the server remember with requests that are then refused. Anybody
// can make a key and sign with it, and a nonce must be remembered before it is known whether the key may do anything.
//
// It keeps no addresses: networks are hashed with a seed that lives in memory, and all is forgotten every minute.
type strangers struct {
	limit int
	seed  maphash.Seed

	mu      sync.Mutex
	since   time.Time
	refusal map[uint64]int
}

func newStrangers(limit int) *strangers {
	return &strangers{limit: limit, seed: maphash.MakeSeed(), refusal: make(map[uint64]int)}
}

// remembered is where a request says that a nonce of it was remembered.
const remembered = "remembered"

func markRemembered(c echo.Context) { c.Set(remembered, true) }

// admit refuses a request from a network that had too many of its requests refused.
func (s *strangers) admit(c echo.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.since) > time.Minute {
		s.since = time.Now()
		clear(s.refusal)
	}
	if s.refusal[s.network(c)] >= s.limit {
		return wire.NewProblem(wire.CodeRateLimit, "")
	}
	return nil
}

// refused counts a request that was refused after it made the server remember something.
func (s *strangers) refused(c echo.Context) {
	if c.Get(remembered) == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal[s.network(c)]++
}

// network returns the hash of the network that a request is from: an IPv4 address or an IPv6 /64, which is what one
// customer has.
func (s *strangers) network(c echo.Context) uint64 {
	addr, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return 0
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	return maphash.Comparable(s.seed, netip.PrefixFrom(addr, bits).Masked())
}
