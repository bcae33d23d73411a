// Package e2e holds tests of the whole system: real clients, real servers, real stores and databases, real processes
// that are killed. It exports nothing.
//
// On a bare machine the tests run on a folder and SQLite. scripts/test sets the variables that add MinIO, versitygw and
// PostgreSQL; see scripts/services.
package e2e
