package cli

import (
	"os"
	"path/filepath"
	"runtime"
)

// stateFolder returns the folder called name in which this person's programs keep their state. It is not the one for
// configuration, which people copy and publish: what is kept here must be able to go.
func (u *ui) stateFolder(name string) (string, error) {
	parent, err := u.stateParent()
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, name), nil
}

func (u *ui) stateParent() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%: it does not roam
	case "darwin", "ios":
		return os.UserConfigDir()
	}
	if dir, _ := u.env.LookupEnv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}
