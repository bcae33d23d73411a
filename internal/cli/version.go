package cli

import (
	"context"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

func (*versionCommand) settings() []setting { return nil }

func (*versionCommand) run(_ context.Context, u *ui, args []string) error {
	if len(args) > 0 {
		return usagef("version takes no arguments")
	}
	u.print("mayfly %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// version returns the version of the module that this program was built of.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
