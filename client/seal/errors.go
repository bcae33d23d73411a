package seal

import (
	"errors"
	"fmt"
)

// ErrTampered is matched by every error that says: this is not what was sealed. Somebody changed it, or confused it, or
// the key is that of something else. Trying again with the same bytes does not help.
var ErrTampered = errors.New("seal: not what was sealed")

// What was found instead. Each of them matches [ErrTampered].
var (
	ErrLength     = tampered("no such lengths belong together")
	ErrRoot       = tampered("the digests do not give the root")
	ErrDigest     = tampered("a part does not have its digest")
	ErrCommitment = tampered("sealed with another key or for another length")
	ErrAuth       = tampered("a chunk does not authenticate")
	ErrPadding    = tampered("the padding is not zero")
)

func tampered(how string) error { return fmt.Errorf("%w: %s", ErrTampered, how) }

// Mistakes of a caller.
var (
	errFileSize = errors.New("seal: a file has 0 bytes to 64 GiB")
	errPartSize = errors.New("seal: this part size does not suit this file")
	errNoPart   = errors.New("seal: there is no such part")
	errDigests  = errors.New("seal: every part has one digest")
)
