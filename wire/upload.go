package wire

// PathBlobs is where a blob is created: POST with [CreateParams] in the query and a body of rows: the hashes of read
// token, delete key and upload token, then the tickets. The answer is a [Created]. The same request again, before
// commit, gives the same answer: the first ticket names it.
const PathBlobs = "/v1/blobs"

// CreateRows is how many rows stand before the tickets.
const CreateRows = 3

// CreateParams describe a blob to be.
type CreateParams struct {
	Size     int64 // |blob| in bytes
	PartSize int64 // S in bytes
	TTL      int64 // how long it should live from commit on, in seconds
}

// CreatePath returns the path and query that create a blob.
func CreatePath(p CreateParams) string {
	return PathBlobs + "?size=" + itoa(p.Size) + "&part=" + itoa(p.PartSize) + "&ttl=" + itoa(p.TTL)
}

// A Created answers the creation of a blob.
type Created struct {
	ID    BlobID
	Share Share
}

// Append appends c as it stands in the answer: 16 bytes of id and 32 of share.
func (c Created) Append(b []byte) []byte {
	share := c.Share.Reveal()
	return append(append(b, c.ID[:]...), share[:]...)
}

// ParseCreated is the inverse of [Created.Append].
func ParseCreated(b []byte) (c Created, err error) {
	if len(b) != len(c.ID)+RowSize {
		return c, errLength
	}
	n := copy(c.ID[:], b)
	c.Share = ShareOf(Row(b[n:]))
	return c, nil
}

// BlobPath returns the path of a blob. GET (read token) answers a [BlobInfo]; DELETE (delete key) removes it.
func BlobPath(id BlobID) string { return PathBlobs + "/" + id.String() }

// PartsPath returns where the digests of a blob's parts are: GET, with the upload token before commit and the read
// token after, answered by a row for each part, zero where there is none yet.
func PartsPath(id BlobID) string { return BlobPath(id) + "/parts" }

// PartPath returns the path of part i of a blob: PUT (upload token) with a Content-Digest stores it, and with the same
// digest again does nothing; GET (read token) returns it, or a range of it to resume with.
func PartPath(id BlobID, i int) string { return PartsPath(id) + "/" + itoa(int64(i)) }

// CommitPath returns the path and query that make a blob readable until at, in Unix seconds: POST with the upload
// token. At is at most time to live and [MaxRounding] from now. The same again changes nothing; another at is a
// conflict.
func CommitPath(id BlobID, at int64) string { return BlobPath(id) + "/commit?at=" + itoa(at) }
