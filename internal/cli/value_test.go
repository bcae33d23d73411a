package cli

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     time.Duration
		out      string // what it is printed as; empty where it is refused
	}{
		{"seconds", "10s", 10 * time.Second, "10s"},
		{"minutes past an hour", "90m", 90 * time.Minute, "1h30m"},
		{"hours past a day stay hours", "36h", 36 * time.Hour, "36h"},
		{"days", "7d", 7 * 24 * time.Hour, "7d"},
		{"weeks are printed as days", "2w", 14 * 24 * time.Hour, "14d"},
		{"several units, the longer first", "1d12h", 36 * time.Hour, "36h"},
		{"nothing", "0s", 0, "0s"},
		{"no unit is refused", "10", 0, ""},
		{"an unknown unit is refused", "10y", 0, ""},
		{"a fraction is refused", "1.5h", 0, ""},
		{"the shorter unit first is refused", "5s1h", 0, ""},
		{"a sign is refused", "-5s", 0, ""},
		{"emptiness is refused", "", 0, ""},
		{"what overflows is refused", "99999999999w", 0, ""},
		{"a sum that overflows is refused", "15250w9999999999s", 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseDuration(row.in)
			if (err == nil) != (row.out != "") || err == nil && got != row.want {
				t.Fatalf("parseDuration(%q) = %v, %v", row.in, got, err)
			}
			if err == nil && formatDuration(got) != row.out {
				t.Errorf("formatDuration(%v) = %q, want %q", got, formatDuration(got), row.out)
			}
		})
	}
}

func TestTimesForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 seconds", time.Second: "1 second", 119 * time.Second: "119 seconds", 90 * time.Minute: "90 minutes",
		36 * time.Hour: "36 hours", 168*time.Hour + 23*time.Minute: "7 days",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     int64
		out      string // what it is printed as; empty where it is refused
	}{
		{"bare bytes", "4096", 4096, "4KiB"},
		{"odd bytes", "4097", 4097, "4097"},
		{"bytes with their unit", "12B", 12, "12"},
		{"binary units", "200MiB", 200 << 20, "200MiB"},
		{"decimal units", "1GB", 1e9, "1000000000"},
		{"a letter alone is refused", "1G", 0, ""},
		{"a fraction is refused", "1.5GiB", 0, ""},
		{"a sign is refused", "-1", 0, ""},
		{"emptiness is refused", "", 0, ""},
		{"what overflows is refused", "9999999999TiB", 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseSize(row.in)
			if (err == nil) != (row.out != "") || err == nil && got != row.want {
				t.Fatalf("parseSize(%q) = %d, %v", row.in, got, err)
			}
			if err == nil && exactSize(got) != row.out {
				t.Errorf("exactSize(%d) = %q, want %q", got, exactSize(got), row.out)
			}
		})
	}
}

func TestSizesForPeople(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1 KiB", 3_250_586: "3.1 MiB", 5 << 40: "5 TiB",
	} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"10s", "1d12h", "2w", "0s", "-1", "200MiB", "1GB", "", "99999999999w", "9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := parseDuration(s); err == nil {
			if again, err := parseDuration(formatDuration(d)); err != nil || again != d || d < 0 {
				t.Errorf("%q is %v, which is printed as %q and read as %v, %v", s, d, formatDuration(d), again, err)
			}
		}
		if n, err := parseSize(s); err == nil {
			if again, err := parseSize(exactSize(n)); err != nil || again != n || n < 0 {
				t.Errorf("%q is %d, which is printed as %q and read as %d, %v", s, n, exactSize(n), again, err)
			}
		}
	})
}
