package state

import (
	"context"
	"strings"
	"time"
)

// times lists every column that holds a time.
var times = []string{
	"invite.at", "nonce.at", "ticket.at", "usage.at", "blob.at", "intent.at", "outbox.at", "outbox.since",
	"mailbox.intro_day", "envelope.received", "envelope.at", "seen.at", "locator.at", "lease.at",
}

// Pass makes it look as if this time had passed: everything is that much older.
func (d *DB) Pass(ctx context.Context, passed time.Duration) error {
	return d.write(ctx, func(t *tx) error {
		for _, column := range times {
			table, name, _ := strings.Cut(column, ".")
			if _, err := t.exec(`UPDATE `+table+` SET `+name+` = `+name+` - $1`, seconds(passed)); err != nil {
				return err
			}
		}
		return nil
	})
}
