package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock on f, which goes when f is closed or the process ends. It is not ok if another has it.
func lockFile(f *os.File) (ok bool, err error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if err == windows.ERROR_LOCK_VIOLATION {
		return false, nil
	}
	return err == nil, err
}
