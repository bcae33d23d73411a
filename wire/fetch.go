package wire

// A BlobInfo describes a committed blob to holders of its read token.
type BlobInfo struct {
	Size     int64 `json:"size"` // |blob| in bytes
	PartSize int   `json:"part"` // S in bytes
	At       int64 `json:"at"`   // when it goes, in Unix seconds
}

// SharePath returns where a blob's share is released: POST with the read token, answered by one row that must not be
// stored on the way. From the blob's At on there is none.
func SharePath(id BlobID) string { return BlobPath(id) + "/share" }
