package chat

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length of the longest name in bytes: what common file systems take.
const maxName = 255

// CleanName returns the nearest name that is safe to save a file under, in any folder of any system, and to show: no
// separators, no control or direction characters, nothing that hides or that a shell takes for an option, no device
// of Windows, 1 to 255 bytes of UTF-8. CleanName(CleanName(s)) = CleanName(s).
func CleanName(name string) string {
	name = strings.Map(cleanRune, strings.ToValidUTF8(name, "_"))
	name = trimName(name)
	if reserved(name) {
		name = "_" + name
	}
	if name = shorten(name); name == "" {
		return "file"
	}
	return name
}

// trimName drops what a name must not begin or end with. Windows ignores dots and spaces at the end.
func trimName(name string) string {
	name = strings.TrimLeftFunc(name, func(r rune) bool { return r == '.' || r == '-' || unicode.IsSpace(r) })
	return strings.TrimRightFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

// cleanRune returns what stands for r in a name; a negative rune is left out.
func cleanRune(r rune) rune {
	switch {
	case strings.ContainsRune(`/\:*?"<>|`, r):
		return '_'
	case r == '\u200c' || r == '\u200d': // joiners, which Persian and families of emoji are written with
		return r
	case r == ' ':
		return r
	case unicode.IsSpace(r), unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// reserved reports whether Windows takes name, whatever its extension, for a device.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}

// shorten cuts name to maxName, before its extension if that is one.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 16 {
		ext = ""
	}
	n := maxName - len(ext)
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return trimName(name[:n]) + ext
}
