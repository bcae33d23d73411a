//go:build js

package client

// removeUnfinished does nothing: in a browser nothing is saved by this package.
func (*Client) removeUnfinished() error { return nil }
