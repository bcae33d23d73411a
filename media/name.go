package media

// SafeName returns a name that says only what the file is, such as "photo.jpg". Names tell
// too: dates, telephones, programs, people.
func SafeName(f Format) string {
	return formats[f.known()].stem + f.Ext()
}
