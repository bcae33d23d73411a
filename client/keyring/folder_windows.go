package keyring

import (
	"os"

	"golang.org/x/sys/windows"
)

func lockFile(f *os.File) error {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped))
}

func identify(f *os.File) (homeID, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return homeID{}, err
	}
	inode := uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)
	return homeID{uint64(info.VolumeSerialNumber), inode}, nil
}

// sync does nothing: NTFS keeps a journal of its folders, and Windows has no call that waits for it.
func (f *folder) sync() error { return nil }
