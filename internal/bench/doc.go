// Package bench measures how close Mayfly comes to the limits of the machine. Every figure is a ratio to a named
// reference that ran in the same process, turn by turn; none is a bare time. scripts/bench runs it and writes
// docs/BENCH.md.
package bench
