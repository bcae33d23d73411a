package state

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// A liteConnector makes connections to an SQLite file that prepare each statement once. Without that SQLite spends most
// of its time in parsing. (pgx does the same by itself.)
type liteConnector struct{ driver.Connector }

// Connect implements [driver.Connector].
func (c liteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return nil, errors.Join(errors.New("state: the SQLite driver is another one"), conn.Close())
	}
	return &liteConn{full, map[string]fullStmt{}}, nil
}

// fullConn and fullStmt are what the driver for SQLite implements and we need.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// A liteConn is a connection with the statements that were prepared on it. Like every connection it is used by one
// goroutine at a time. No statement of ours runs while another run of the same text is still being read.
type liteConn struct {
	fullConn
	stmts map[string]fullStmt
}

// ExecContext implements [driver.ExecerContext].
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	return s.QueryContext(ctx, args)
}

// prepared returns the statement with this text. It is nil for texts that are not worth keeping: scripts, and lists,
// of which there is one for every length.
func (c *liteConn) prepared(ctx context.Context, query string) (fullStmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	if strings.Contains(query, ";") || strings.Contains(query, "IN ($") {
		return nil, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := made.(fullStmt)
	if !ok {
		return nil, made.Close()
	}
	c.stmts[query] = s
	return s, nil
}

// Close implements [driver.Conn].
func (c *liteConn) Close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.fullConn.Close())...)
}
