package cli

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

const adminStatsMore = `
What is due and not removed yet is counted too. With --json it is one JSON object.
` + adminMore

// adminStatsCommand counts what the server holds.
type adminStatsCommand struct {
	adminDatabase
	json bool
}

func (c *adminStatsCommand) settings() []setting {
	return append(c.adminDatabase.settings(), setting{name: "json", help: "print a JSON object", value: toggle(&c.json)})
}

// A statsLine is the promise of "admin stats --json".
type statsLine struct {
	Blobs         int   `json:"blobs"`
	OpenBlobs     int   `json:"open_blobs"`
	BytesUsed     int64 `json:"bytes_used"`
	BytesReserved int64 `json:"bytes_reserved"`
	Parts         int   `json:"parts"`
	LostParts     int   `json:"lost_parts"`
	Mailboxes     int   `json:"mailboxes"`
	Envelopes     int   `json:"envelopes"`
	Locators      int   `json:"locators"`
	QuotaKeys     int   `json:"quota_keys"`
	Tickets       int   `json:"tickets"`
	Invites       int   `json:"invites"`
	Intents       int   `json:"intents"`
	Outbox        int   `json:"outbox"`
	OutboxOldest  int64 `json:"outbox_oldest_seconds"`
}

func (c *adminStatsCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	_, db, err := c.open(ctx, u)
	if err != nil {
		return err
	}
	defer finish(&err, db.Close)
	line, err := readStats(ctx, db)
	switch {
	case err != nil:
		return err
	case c.json:
		return u.printJSON(line)
	}
	line.print(u)
	return nil
}

func readStats(ctx context.Context, db *state.DB) (line statsLine, err error) {
	s, err := db.Stats(ctx)
	if err != nil {
		return line, err
	}
	_, oldest, err := db.OutboxStats(ctx)
	return statsLine{
		Blobs: s.Blobs, OpenBlobs: s.OpenBlobs, BytesUsed: s.BytesUsed, BytesReserved: s.BytesReserved,
		Parts: s.Parts, LostParts: s.LostParts, Mailboxes: s.Mailboxes, Envelopes: s.Envelopes, Locators: s.Locators,
		QuotaKeys: s.QuotaKeys, Tickets: s.Tickets, Invites: s.Invites, Intents: s.Intents,
		Outbox: s.Outbox, OutboxOldest: oldest,
	}, err
}

func (l statsLine) print(u *ui) {
	u.print("members         %d\n", l.QuotaKeys)
	u.print("open invites    %d\n", l.Invites)
	u.print("mailboxes       %d, with %s waiting\n", l.Mailboxes, plural(l.Envelopes, "message"))
	u.print("files           %d, %s\n", l.Blobs, formatSize(l.BytesUsed))
	u.print("being uploaded  %d, %s\n", l.OpenBlobs, formatSize(l.BytesReserved))
	u.print("to be removed   %s, the oldest for %s\n", plural(l.Outbox, "object"), plural(l.OutboxOldest, "second"))
	if l.LostParts > 0 {
		u.print("lost            %s that the storage should have\n", plural(l.LostParts, "part"))
	}
}
