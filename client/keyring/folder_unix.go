//go:build unix

package keyring

import (
	"os"
	"syscall"
)

func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

func identify(f *os.File) (homeID, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
		return homeID{}, err
	}
	return homeID{uint64(st.Dev), uint64(st.Ino)}, nil // their types differ from system to system
}

// sync makes durable what files the folder has.
func (f *folder) sync() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
