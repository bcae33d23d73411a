//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock on f, which goes when f is closed or the process ends. It is not ok if another has it.
func lockFile(f *os.File) (ok bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return false, nil
	}
	return err == nil, err
}
