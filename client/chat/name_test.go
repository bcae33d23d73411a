package chat

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAttackNames(t *testing.T) {
	rows := []struct{ name, in, want string }{
		{"an honest name", "Ferien – Düne (2).jpg", "Ferien – Düne (2).jpg"},
		{"nothing", "", "file"},
		{"this folder", ".", "file"},
		{"the folder above", "..", "file"},
		{"a way up", "../../etc/passwd", "_.._etc_passwd"},
		{"a way up of Windows", `..\..\autoexec.bat`, "_.._autoexec.bat"},
		{"an absolute path", "/etc/passwd", "_etc_passwd"},
		{"a drive", `C:\autoexec.bat`, "C__autoexec.bat"},
		{"a stream of NTFS", "photo.jpg:hidden.exe", "photo.jpg_hidden.exe"},
		{"a hidden file", ".bashrc", "bashrc"},
		{"one that a shell takes for an option", "-rf", "rf"},
		{"a NUL that ends it early", "photo.exe\x00.jpg", "photo.exe.jpg"},
		{"line breaks", "a\r\nb\u2028c", "abc"},
		{"an escape sequence", "\x1b[2Jphoto.jpg", "[2Jphoto.jpg"},
		{"text that runs backwards", "photo\u202egpj.exe", "photogpj.exe"},
		{"isolates", "\u2066photo\u2069.jpg", "photo.jpg"},
		{"spaces of no width", "photo\u200b.jpg\ufeff", "photo.jpg"},
		{"a joined emoji", "👩\u200d👧.png", "👩\u200d👧.png"},
		{"dots and spaces at the end", "photo.exe . .", "photo.exe"},
		{"a device", "CON", "_CON"},
		{"a device with an extension", "nul.tar.gz", "_nul.tar.gz"},
		{"a device with a space", "aux .txt", "_aux .txt"},
		{"a port", "com7", "_com7"},
		{"a port with a superscript", "LPT².txt", "_LPT².txt"},
		{"no port", "com10", "com10"},
		{"no device", "console.log", "console.log"},
		{"bytes that are not UTF-8", "a\xff\xfeb", "a_b"},
		{"a wildcard", "*?.jpg", "__.jpg"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := CleanName(row.in); got != row.want {
				t.Errorf("%q becomes %q, want %q", row.in, got, row.want)
			}
			checkClean(t, CleanName(row.in))
		})
	}
}

func TestLongNamesKeepTheirExtension(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("a", 300) + ".jpg", strings.Repeat("ü", 200) + ".jpeg", strings.Repeat("日本", 60) + ".tar.gz",
		strings.Repeat("a", 250) + ". .jpg",
	} {
		got := CleanName(in)
		checkClean(t, got)
		if want := in[strings.LastIndexByte(in, '.'):]; !strings.HasSuffix(got, want) {
			t.Errorf("%q does not end in %q", got, want)
		}
	}
	checkClean(t, CleanName("a."+strings.Repeat("b", 400)))
}

// checkClean reports a name that somebody could do harm with.
func checkClean(t *testing.T, name string) {
	t.Helper()
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		t.Errorf("%q has %d bytes", name, len(name))
	}
	if strings.ContainsAny(name, "/\\:\x00\n\r\x1b\u202e\u2066") || name[0] == '.' || name[0] == '-' {
		t.Errorf("%q is not safe", name)
	}
	if again := CleanName(name); again != name {
		t.Errorf("%q cleaned again is %q", name, again)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"", "..", "a/b", "CON.txt", "\u202e", strings.Repeat("ü", 200) + ".jpg", "-.-", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkClean(t, CleanName(s)) })
}
