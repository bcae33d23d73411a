package state

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	channel   = "mayfly"
	tagText   = 16               // characters of a tag in a notification
	tagsAtOne = 8000/tagText - 1 // PostgreSQL takes less than 8000 bytes
	quiet     = 30 * time.Second // after which the connection is tried
	relisten  = 250 * time.Millisecond
)

// Listen calls wake for every tag that a process gives to [DB.Notify], this one included, until ctx ends. It calls lost
// when it listens again after it could not for a while, in which anything may have been missed. On SQLite, which has
// one server process, it calls nothing. It returns the error of ctx.
func (d *DB) Listen(ctx context.Context, wake func(tag uint64), lost func()) error {
	if d.kind == SQLite {
		<-ctx.Done()
		return ctx.Err()
	}
	for again := false; ctx.Err() == nil; again = true {
		d.listen(ctx, wake, func() {
			if again {
				lost()
			}
		})
		if err := sleep(ctx, relisten); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// listen listens on a connection of its own until that breaks, which no caller can do anything about.
func (d *DB) listen(ctx context.Context, wake func(tag uint64), ready func()) {
	conn, err := pgx.ConnectConfig(ctx, d.pg)
	if err != nil {
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return
	}
	ready()
	for hear(ctx, conn, wake) == nil {
	}
}

// hear waits for one notification. A connection that is quiet for long is tried: its other end may be gone.
func hear(ctx context.Context, conn *pgx.Conn, wake func(tag uint64)) error {
	patience, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	n, err := conn.WaitForNotification(patience)
	if err != nil && patience.Err() != nil && ctx.Err() == nil {
		tryout, cancel := context.WithTimeout(ctx, quiet)
		defer cancel()
		return conn.Ping(tryout)
	}
	if err != nil {
		return err
	}
	for _, tag := range parseTags(n.Payload) {
		wake(tag)
	}
	return nil
}

// Notify wakes who listens in other processes. Call it after the change is committed, with the tags of many changes at
// once: PostgreSQL takes one such call at a time.
func (d *DB) Notify(ctx context.Context, tags []uint64) error {
	if d.kind == SQLite {
		return nil
	}
	for chunk := range slices.Chunk(tags, tagsAtOne) {
		if _, err := d.reading(ctx).exec(`SELECT pg_notify($1, $2)`, channel, formatTags(chunk)); err != nil {
			return err
		}
	}
	return nil
}

func formatTags(tags []uint64) string {
	var b []byte
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint64(b, tag)
	}
	return hex.EncodeToString(b)
}

// parseTags is the inverse of formatTags. What is no tag is left out: whoever may use the database may notify.
func parseTags(s string) (tags []uint64) {
	b, _ := hex.DecodeString(s) // what could be decoded
	for ; len(b) >= 8; b = b[8:] {
		tags = append(tags, binary.BigEndian.Uint64(b))
	}
	return tags
}
