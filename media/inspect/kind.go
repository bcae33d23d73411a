//go:build !js

package inspect

import (
	"slices"
	"strings"
)

// nameWords map parts of names, in lower case, to what they are about. The first that fits
// counts, so the more telling come first.
var nameWords = []struct {
	kind  Kind
	words []string
}{
	{Place, []string{"gps", "latitude", "longitude", "location", "city", "country", "province", "state", "sublocation", "worldregion", "coordinates"}},
	{Serial, []string{"serial", "uniqueid", "documentid", "instanceid", "guid", "uuid", "digest", "identifier", "imagenumber", "versionid", "ownerid"}},
	{Time, []string{"date", "time", "year"}},
	{Software, []string{"creatortool", "software", "toolkit", "xmptk", "history", "producer", "application", "hostcomputer", "processing"}},
	{Person, []string{"artist", "author", "creator", "byline", "by-line", "owner", "copyright", "rights", "credit", "person", "contact", "photographer", "face", "region", "editor", "writer", "licens", "source", "web", "email", "phone"}},
	{Device, []string{"make", "model", "lens", "camera", "device", "firmware", "maker"}},
	{Picture, []string{"thumbnail", "preview", "image data", "gimage", "depth", "gainmap"}},
	{Text, []string{"caption", "description", "title", "subject", "keyword", "comment", "headline", "instructions", "label", "category", "note", "text", "parameters", "prompt", "workflow", "name"}},
}

// Names of Exif that tell nothing of a person, wherever they stand.
var (
	lookNames = []string{
		"Orientation", "XResolution", "YResolution", "ResolutionUnit", "ColorSpace", "YCbCrPositioning",
		"YCbCrSubSampling", "YCbCrCoefficients", "ReferenceBlackWhite", "WhitePoint", "PrimaryChromaticities",
		"ExifVersion", "FlashpixVersion", "ComponentsConfiguration", "PixelXDimension", "PixelYDimension",
		"InteroperabilityIndex", "InteroperabilityVersion", "ImageWidth", "ImageLength", "BitsPerSample",
		"Compression", "PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration", "Gamma",
		"JPEGInterchangeFormat", "JPEGInterchangeFormatLength", "CompressedBitsPerPixel", "TransferFunction",
	}
	settingsNames = []string{
		"ExposureTime", "FNumber", "ExposureProgram", "ISOSpeedRatings", "PhotographicSensitivity", "SensitivityType",
		"RecommendedExposureIndex", "ShutterSpeedValue", "ApertureValue", "BrightnessValue", "ExposureBiasValue",
		"MaxApertureValue", "MeteringMode", "LightSource", "Flash", "FocalLength", "FocalLengthIn35mmFilm",
		"ExposureMode", "WhiteBalance", "DigitalZoomRatio", "SceneCaptureType", "GainControl", "Contrast",
		"Saturation", "Sharpness", "SubjectDistanceRange", "SensingMethod", "FileSource", "SceneType",
		"CustomRendered", "ExposureIndex", "FocalPlaneXResolution", "FocalPlaneYResolution",
		"FocalPlaneResolutionUnit", "Rating", "RatingPercent", "CompositeImage",
	}
)

// nameKind says what a tag is about, by its name, which may have a prefix with a colon. A
// name that says nothing may stand for anything.
func nameKind(name string) Kind {
	prefix, base, ok := strings.Cut(name, ":")
	if !ok {
		base = name
	}
	switch {
	case slices.Contains(lookNames, base):
		return Look
	case slices.Contains(settingsNames, base):
		return Settings
	}
	lower := strings.ToLower(base)
	for _, w := range nameWords {
		for _, word := range w.words {
			if strings.Contains(lower, word) {
				return w.kind
			}
		}
	}
	if prefix == "crs" {
		return Settings // how a raw picture was developed
	}
	return Unknown
}
