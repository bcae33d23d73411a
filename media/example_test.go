package media_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/seed-7b314ca8/mayfly/media"
)

func ExampleStrip() {
	photo, err := os.Open("testdata/camera.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer photo.Close()
	info, err := photo.Stat()
	if err != nil {
		log.Fatal(err)
	}
	clean, err := media.Strip(photo, info.Size(), nil)
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, io.NewSectionReader(clean, 0, clean.Size())); err != nil {
		log.Fatal(err)
	}
	fmt.Println(media.SafeName(clean.Format()), "without", clean.Removed()[2].Kind)
	// Output: photo.jpg without camera data (Exif)
}
