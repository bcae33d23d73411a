// Package open finds the Store that a URL names.
//
//	dir:PATH                                      a folder, made if there is none; see package dir
//	mem:                                          memory; gone when the program ends; see package mem
//	s3+https://HOST/BUCKET[/PREFIX][?region=R]    a bucket, made if there is none; see package s3
//	s3+http://HOST/BUCKET[/PREFIX][?region=R]     the same, without TLS
//
// Credentials are never in the URL, which is shown and stored in many places.
package open

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
)

// ErrCredentials reports that a storage needs credentials and was given none, or only half of them.
var ErrCredentials = errors.New("open: s3 storage needs credentials: " +
	"set MAYFLY_S3_ACCESS_KEY and MAYFLY_S3_SECRET_KEY, or MAYFLY_S3_ACCESS_KEY_FILE and MAYFLY_S3_SECRET_KEY_FILE")

// Credentials are what an S3 service knows us by. Other storage needs none.
type Credentials struct {
	AccessKey string
	SecretKey s3.Secret
}

// Open returns the Store that storageURL names, ready to be used. Its errors say what to do next.
// A Store that is an [io.Closer] may be closed when it is not needed any more.
func Open(ctx context.Context, storageURL string, credentials Credentials) (storage.Store, error) {
	scheme, rest, _ := strings.Cut(storageURL, ":")
	switch {
	case scheme == "mem" && rest == "":
		return mem.New(), nil
	case scheme == "dir" && rest != "":
		return found(dir.Open(rest))
	case scheme == "s3+https" || scheme == "s3+http":
		config, err := parseS3(storageURL, credentials)
		if err != nil {
			return nil, err
		}
		return found(s3.Open(ctx, config))
	}
	// Whatever was meant, it may hold a password.
	return nil, errors.New("open: storage is one of dir:PATH, mem:, s3+https://host/bucket/prefix, s3+http://host/bucket/prefix")
}

// found keeps a nil pointer from becoming a Store.
func found[S storage.Store](s S, err error) (storage.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func parseS3(storageURL string, credentials Credentials) (s3.Config, error) {
	u, err := url.Parse(storageURL)
	if err != nil {
		return s3.Config{}, errors.New("open: the storage URL cannot be read: write s3+https://host/bucket/prefix")
	}
	if u.User != nil {
		return s3.Config{}, fmt.Errorf("open: credentials do not belong in the storage URL: take them out; %w", ErrCredentials)
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if u.Host == "" || bucket == "" {
		return s3.Config{}, errors.New("open: the storage URL names no host or no bucket: write s3+https://host/bucket/prefix")
	}
	region, err := parseRegion(u)
	if err != nil {
		return s3.Config{}, err
	}
	if credentials.AccessKey == "" || credentials.SecretKey == "" {
		return s3.Config{}, ErrCredentials
	}
	return s3.Config{
		Endpoint:  u.Host,
		Insecure:  u.Scheme == "s3+http",
		Bucket:    bucket,
		Prefix:    prefix,
		Region:    region,
		AccessKey: credentials.AccessKey,
		SecretKey: credentials.SecretKey,
	}, nil
}

// parseRegion returns the region, which is all that may stand behind the path.
func parseRegion(u *url.URL) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	regions := query["region"]
	delete(query, "region")
	if err != nil || len(query) > 0 || len(regions) > 1 || u.Fragment != "" {
		return "", errors.New("open: the storage URL takes ?region=NAME behind the path and nothing else")
	}
	return strings.Join(regions, ""), nil
}
