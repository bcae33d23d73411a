package storage_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/seed-7b314ca8/mayfly/storage/open"
)

func Example() {
	ctx := context.Background()
	s, err := open.Open(ctx, "mem:", open.Credentials{})
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Put(ctx, "blobs/7f3a", strings.NewReader("ciphertext"), 10); err != nil {
		log.Fatal(err)
	}
	r, size, err := s.Get(ctx, "blobs/7f3a", 6, -1)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	rest, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q, the last of %d bytes\n", rest, size)
	// Output: "text", the last of 10 bytes
}
