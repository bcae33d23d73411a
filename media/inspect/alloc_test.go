//go:build !js

package inspect

import "runtime"

// bytesAllocated returns how many bytes f allocates, those that are free again included.
func bytesAllocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
