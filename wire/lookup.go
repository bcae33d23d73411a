package wire

// PathLocators is where a locator is created: POST, signed by the key that will own it, with a body of its id, a
// ticket and the encrypted manifest. The same again changes nothing.
const PathLocators = "/v1/locators"

// LocatorPath returns the path of a locator. GET reads the encrypted manifest: who knows the id may. PUT, signed by
// its key and with a number in the query that must be higher than the last, replaces it. DELETE, signed, removes it.
// A locator that nobody replaces for a year goes.
func LocatorPath(id LocatorID) string { return PathLocators + "/" + id.String() }

// PutLocatorPath returns the path and query that store version seq of a manifest.
func PutLocatorPath(id LocatorID, seq uint64) string {
	return LocatorPath(id) + "?seq=" + itoa(int64(seq))
}

// CreateLocatorPath returns the path and query that create a locator with version seq of a manifest.
func CreateLocatorPath(seq uint64) string { return PathLocators + "?seq=" + itoa(int64(seq)) }
