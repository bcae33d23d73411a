package state

import (
	"slices"
	"strconv"
	"strings"
)

// A dialect writes the words in braces that stand in our SQL for what the databases say differently.
//
//	{int} {blob} {text}   a 64-bit number, bytes, and text that compares by its bytes
//	{clustered} {heap}    how small and large rows are kept. Small ones in the order of their primary key where that
//	                      can be had: a table then does not tell what came after what. Where dead rows linger, they
//	                      are cleaned away early.
//	{now}                 the time when the statement began. It must be floored: a cast alone rounds to the future.
//	{lock} {skip}         lock the rows that were read, waiting for who has them or passing over those. With one
//	                      writer at a time there is nothing to lock.
type dialect struct{ *strings.Replacer }

var dialects = map[Kind]dialect{
	SQLite: {strings.NewReplacer(
		"{int}", "INTEGER", "{blob}", "BLOB", "{text}", "TEXT",
		"{clustered}", "STRICT, WITHOUT ROWID", "{heap}", "STRICT",
		"{now}", "unixepoch()", "{lock}", "", "{skip}", "",
	)},
	Postgres: {strings.NewReplacer(
		"{int}", "BIGINT", "{blob}", "BYTEA", "{text}", `TEXT COLLATE "C"`,
		"{clustered}", early, "{heap}", early,
		"{now}", "CAST(floor(extract(epoch FROM statement_timestamp())) AS BIGINT)",
		"{lock}", "FOR UPDATE", "{skip}", "FOR UPDATE SKIP LOCKED",
	)},
}

const early = "WITH (autovacuum_vacuum_scale_factor = 0.02)"

// list returns "($from, …)" for n parameters.
func list(from, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(from+i), 10)
	}
	return string(append(b, ')'))
}

// args returns lead and then every one of rest, as parameters of a statement.
func args[T any](rest []T, lead ...any) []any {
	lead = slices.Grow(lead, len(rest))
	for _, v := range rest {
		lead = append(lead, v)
	}
	return lead
}
