package wire

// PathMailboxes is where a mailbox is created: POST, signed by the key that will own it, with a body of four rows: its
// address, the hashes of its delivery key and of its intro key, and a ticket. The same again changes nothing.
const PathMailboxes = "/v1/mailboxes"

// MailboxRows is the number of rows of a request that creates a mailbox.
const MailboxRows = 4

// MailboxPath returns the path of a mailbox. DELETE, signed by its key, removes it and all that waits in it.
func MailboxPath(id MailboxID) string { return PathMailboxes + "/" + id.String() }

// AccessPath returns where the owner replaces the hashes of delivery key and intro key: PUT, signed, two rows.
func AccessPath(id MailboxID) string { return MailboxPath(id) + "/access" }

// MailboxKeyPath returns where the signed mailbox key is. PUT, signed, with its epoch in the query replaces it by one
// of a higher epoch; GET with the delivery key or the intro key reads it. The server does not understand it.
func MailboxKeyPath(id MailboxID) string { return MailboxPath(id) + "/key" }

// PutMailboxKeyPath returns the path and query that store the mailbox key of an epoch.
func PutMailboxKeyPath(id MailboxID, epoch uint32) string {
	return MailboxKeyPath(id) + "?epoch=" + itoa(int64(epoch))
}
