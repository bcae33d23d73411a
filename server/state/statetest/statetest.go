// Package statetest makes databases for tests, also for those of other packages.
package statetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Fresh makes an empty database on the PostgreSQL server at postgresURL, whose role must be allowed to, and returns
// its address. The caller must call drop, which removes it with all that is in it and cuts off who still uses it.
func Fresh(ctx context.Context, postgresURL string) (dsn string, drop func(), err error) {
	u, err := url.Parse(postgresURL)
	if err != nil {
		return "", nil, fmt.Errorf("statetest: %w", err)
	}
	name := "mayfly_test_" + strings.ToLower(rand.Text())
	if err := run(ctx, postgresURL, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		run(context.WithoutCancel(ctx), postgresURL, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}, nil
}

func run(ctx context.Context, postgresURL, statement string) error {
	conn, err := pgx.Connect(ctx, postgresURL)
	if err != nil {
		return fmt.Errorf("statetest: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("statetest: %w", err)
	}
	return nil
}
