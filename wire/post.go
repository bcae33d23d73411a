package wire

// EnvelopesPath returns where the envelopes of a mailbox are.
func EnvelopesPath(id MailboxID) string { return MailboxPath(id) + "/envelopes" }

// PostPath returns the path and query that leave an envelope in a mailbox until at, in Unix seconds: POST with the
// delivery key or the intro key. The same envelope again is taken and dropped.
func PostPath(id MailboxID, at int64) string { return EnvelopesPath(id) + "?at=" + itoa(at) }
