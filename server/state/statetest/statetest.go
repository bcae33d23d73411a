// Package statetest makes databases for tests, also those of other packages.
package statetest

import (
	"context"
	"errors"
)

// Fresh makes an empty database on the PostgreSQL server at postgresURL, whose role must be allowed to, and returns
// its address. The caller must call drop, which removes it with all that is in it.
func Fresh(ctx context.Context, postgresURL string) (dsn string, drop func(), err error) {
	return "", nil, errors.New("statetest: not there yet")
}
