// Package s3 keeps objects in a bucket of MinIO or any other S3-compatible service.
//
// It asks for little, so that much can serve: PutObject of known size in one request (no multipart, no
// trailing checksums, no metadata), GetObject with a range, DeleteObject and DeleteObjects,
// ListObjectsV2. An account needs s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket; s3:CreateBucket if it is to
// make the bucket, and s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration and
// s3:GetReplicationConfiguration for [Store.Warnings].
//
// Requests that can be repeated are, twice. A Put is not, because its bytes have gone by; its caller
// tries again under another key. Calls end with their context, and give up on a
// service that is silent for a minute; how long a transfer may take is up to the context.
//
// What is durable when a Put returns is the service's promise.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// attempts is how often a request that can be repeated is made.
const attempts = 3

// A Config tells where a bucket is and who asks for it.
type Config struct {
	Endpoint  string // host or host:port
	Insecure  bool   // http rather than https
	Bucket    string // made if it is missing and that is allowed
	Prefix    string // of every key, such as "mayfly"; empty means none. The Store puts a slash behind it.
	Region    string // empty means: ask
	AccessKey string
	SecretKey Secret
}

// A Store keeps objects in a bucket. Make one with [Open].
type Store struct {
	client    minio.Core
	transport *http.Transport
	bucket    string
	prefix    string // empty, or ends in a slash
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Warner = (*Store)(nil)
)

var prefixPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]*(/[a-zA-Z0-9][a-zA-Z0-9_-]*)*$`)

// Open returns the Store in a bucket, which it makes sure of. Its errors say what to do about them.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	transport := newTransport()
	client, err := minio.NewCore(c.Endpoint, &minio.Options{
		Creds:      credentials.NewStaticV4(c.AccessKey, c.SecretKey.reveal(), ""),
		Secure:     !c.Insecure,
		Transport:  transport,
		Region:     c.Region,
		MaxRetries: attempts,
	})
	if err != nil {
		return nil, wrap("open", err)
	}
	s := &Store{client: *client, transport: transport, bucket: c.Bucket}
	if c.Prefix != "" {
		s.prefix = c.Prefix + "/"
	}
	if err := s.ensureBucket(ctx, c.Region); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (c *Config) check() error {
	switch {
	case c.Endpoint == "":
		return errors.New("s3: no endpoint: give the host of the service")
	case s3utils.CheckValidBucketNameStrict(c.Bucket) != nil:
		return fmt.Errorf("s3: no bucket can be named %q: use 3 to 63 of a-z, 0-9, '-' and '.'", c.Bucket)
	case c.Prefix != "" && (len(c.Prefix) > 512 || !prefixPattern.MatchString(c.Prefix)):
		return fmt.Errorf("s3: the prefix %q cannot be used: letters, digits, '-' and '_' between single slashes can", c.Prefix)
	case c.AccessKey == "" || c.SecretKey == "":
		return errors.New("s3: no credentials: give an access key and a secret key")
	}
	return nil
}

// newTransport differs from http.DefaultTransport in keeping more connections, in not
// decompressing, and in not waiting forever for an answer.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute, // from the last byte of the request
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
}

// ensureBucket makes the bucket if there is none.
func (s *Store) ensureBucket(ctx context.Context, region string) error {
	exists, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.hint(wrap("open", err), err)
	}
	if exists {
		return nil
	}
	err = s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: region})
	if err == nil || codeOf(err) == minio.BucketAlreadyOwnedByYou { // another process was faster
		return nil
	}
	return fmt.Errorf("s3: there is no bucket %q and none could be made: %w; make it, or let this account do so (s3:CreateBucket)",
		s.bucket, plain(err))
}

// hint adds to the error of a first request what an administrator can do about it.
func (s *Store) hint(err, cause error) error {
	switch codeOf(cause) {
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch:
		return fmt.Errorf("%w; check the access key and the secret key", err)
	case minio.AccessDenied:
		return fmt.Errorf("%w; check the keys, and that they may list the bucket %q (s3:ListBucket)", err, s.bucket)
	case minio.RequestTimeTooSkewed:
		return fmt.Errorf("%w; set the clock", err)
	case minio.InvalidRegion, minio.AuthorizationHeaderMalformed:
		return fmt.Errorf("%w; check the region", err)
	case "":
		return fmt.Errorf("%w; check that the service is up, its address, and http or https", err)
	}
	return err
}

// Close closes the connections that are not in use. The Store can still be used.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}
