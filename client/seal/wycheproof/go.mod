// The test vectors of Project Wycheproof are 107 MB and only this test needs them, so it is a module of its own. Its
// path lets it import what is internal to client/seal.
module github.com/seed-7b314ca8/mayfly/client/seal/wycheproof

go 1.26.4

require (
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	github.com/seed-7b314ca8/mayfly v0.0.0
)

replace github.com/seed-7b314ca8/mayfly => ../../..
