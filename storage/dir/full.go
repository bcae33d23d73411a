//go:build !windows

package dir

import (
	"errors"
	"syscall"
)

// isFull reports that the disk, or the quota of our account on it, is used up.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
