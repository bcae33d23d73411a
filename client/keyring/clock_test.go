package keyring

import (
	"testing"
	"testing/synctest"
	"time"
)

// turn has the machine's clock go wrong by d, which a clock sees as its offsets being wrong by as much.
func (c *clock) turn(d time.Duration) {
	c.offset += int64(d / time.Second)
	c.lead.offset += int64(d / time.Second)
}

func TestClock(t *testing.T) {
	const hours = time.Hour
	type step struct {
		wait    time.Duration // pass
		machine time.Duration // the machine's clock is changed by
		server  time.Duration // then a server says that since the start so much time has passed; 0 for silence
		now     time.Duration // what can no longer be seen
		sure    time.Duration // what may be destroyed
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"without a server the machine's clock is followed", []step{{wait: 5 * hours, now: 5 * hours, sure: 5 * hours}}},
		{"without a server a clock that is turned back stands still", []step{
			{wait: 5 * hours, now: 5 * hours, sure: 5 * hours},
			{wait: 1 * hours, machine: -3 * hours, now: 5 * hours, sure: 5 * hours},
			{wait: 4 * hours, now: 7 * hours, sure: 7 * hours},
		}},
		{"the first contact is believed, ahead", []step{{server: 900 * hours, now: 900 * hours, sure: 900 * hours}}},
		{"the first contact is believed, behind", []step{
			{wait: 500 * hours, now: 500 * hours, sure: 500 * hours},
			{server: 10 * hours, now: 10 * hours, sure: 10 * hours},
			{wait: 1 * hours, now: 11 * hours, sure: 11 * hours},
		}},
		{"small drift is followed, but not back", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 2 * hours, now: 2 * hours, sure: 2 * hours},
			{server: 1 * hours, now: 2 * hours, sure: 2 * hours},
			{wait: 1 * hours, now: 2 * hours, sure: 2 * hours},
			{wait: 1 * hours, now: 3 * hours, sure: 3 * hours},
		}},
		{"a server far behind does not turn it back", []step{
			{server: 100 * hours, now: 100 * hours, sure: 100 * hours},
			{server: 1 * hours, now: 100 * hours, sure: 100 * hours},
		}},
		{"turning the machine back revives nothing", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{wait: 9 * hours, now: 10 * hours, sure: 10 * hours},
			{machine: -1000 * hours, now: 10 * hours, sure: 10 * hours},
			{wait: 1 * hours, server: 11 * hours, now: 11 * hours, sure: 11 * hours},
			{wait: 1 * hours, now: 12 * hours, sure: 12 * hours},
		}},
		{"a server far ahead hides at once and destroys a day later", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 100 * hours, now: 100 * hours, sure: 1 * hours},
			{wait: 12 * hours, server: 112 * hours, now: 112 * hours, sure: 13 * hours},
			{wait: 11 * hours, now: 123 * hours, sure: 24 * hours},
			{wait: 1 * hours, now: 124 * hours, sure: 124 * hours},
		}},
		{"a server 24 hours ahead is not far ahead", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 25 * hours, now: 25 * hours, sure: 25 * hours},
		}},
		{"a server that takes its word back is forgiven", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 100 * hours, now: 100 * hours, sure: 1 * hours},
			{wait: 1 * hours, server: 2 * hours, now: 2 * hours, sure: 2 * hours},
			{wait: 48 * hours, now: 50 * hours, sure: 50 * hours},
		}},
		{"a server that goes further ahead begins a new day of doubt", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 100 * hours, now: 100 * hours, sure: 1 * hours},
			{wait: 20 * hours, server: 500 * hours, now: 500 * hours, sure: 21 * hours},
			{wait: 20 * hours, now: 520 * hours, sure: 41 * hours},
			{wait: 4 * hours, now: 524 * hours, sure: 524 * hours},
		}},
		{"drift within the day of doubt does not shorten it", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 100 * hours, now: 100 * hours, sure: 1 * hours},
			{server: 101 * hours, now: 101 * hours, sure: 1 * hours},
			{wait: 23 * hours, now: 124 * hours, sure: 24 * hours},
			{wait: 1 * hours, now: 125 * hours, sure: 125 * hours},
		}},
		{"turning the machine back in the day of doubt reveals nothing", []step{
			{server: 1 * hours, now: 1 * hours, sure: 1 * hours},
			{server: 100 * hours, now: 100 * hours, sure: 1 * hours},
			{machine: -50 * hours, now: 100 * hours, sure: 1 * hours},
		}},
		{"a machine that lost its clock is put right a day after", []step{
			{server: 1000 * hours, now: 1000 * hours, sure: 1000 * hours},
			{machine: -100000 * hours, wait: 100 * hours, now: 1000 * hours, sure: 1000 * hours},
			{server: 1100 * hours, now: 1100 * hours, sure: 1000 * hours},
			{wait: 24 * hours, now: 1124 * hours, sure: 1124 * hours},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now().Unix()
				var c clock
				c.now()
				for i, s := range tt.steps {
					time.Sleep(s.wait)
					c.turn(s.machine)
					if s.server != 0 {
						c.observe(start + int64(s.server/time.Second))
					}
					now := time.Duration(c.now()-start) * time.Second
					sure := time.Duration(c.sure()-start) * time.Second
					if now != s.now || sure != s.sure {
						t.Fatalf("step %d: got %v, sure %v; want %v, sure %v", i, now, sure, s.now, s.sure)
					}
				}
			})
		})
	}
}

func TestClockBelievesNoNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Memory()
		defer r.Close()
		want := r.Now()
		for _, server := range []int64{0, -1, -1 << 63, 1<<63 - 1, maxTime + 1} {
			r.Observe(server)
			if got := r.Now(); got != want {
				t.Errorf("after Observe(%d): got %d, want %d", server, got, want)
			}
		}
		r.Observe(maxTime)
		time.Sleep(time.Hour)
		if got := r.Now(); got != maxTime {
			t.Errorf("at the end of time: got %d", got)
		}
	})
}

func TestADayOfDoubtHidesWhatItDoesNotDestroy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Memory()
		defer r.Close()
		r.Observe(r.Now())
		b := bucketAt(t, r, in(r, 48*time.Hour))
		ok(t, r.Put(b, "k", "id", []byte("value")))
		real := r.Now()
		r.Observe(real + 100*day)
		if n, err := r.Forget(); n != 0 || err != nil {
			t.Fatalf("Forget: got %d, %v", n, err)
		}
		if _, found := r.Get("k", "id"); found {
			t.Error("a record can be seen although a server says that its time has come")
		}
		r.Observe(real)
		wantContents(t, r, map[Ref]string{{"k", "id"}: "value"})
		r.Observe(real + 100*day)
		time.Sleep(24 * time.Hour)
		if n, err := r.Forget(); n != 1 || err != nil {
			t.Fatalf("Forget, a day later: got %d, %v, want 1", n, err)
		}
	})
}
