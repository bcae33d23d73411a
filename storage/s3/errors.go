package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// full are the codes of services for a quota that is used up. A full disk is a status.
var full = map[string]bool{
	"QuotaExceeded":                  true, // Ceph, versitygw
	"XMinioAdminBucketQuotaExceeded": true, // MinIO
}

// wrap gives err the names that callers of a Store know.
func wrap(op string, err error) error {
	response, _ := errors.AsType[minio.ErrorResponse](err)
	switch {
	case err == nil:
		return nil
	case response.Code == minio.NoSuchKey:
		return fmt.Errorf("s3: %s: %w", op, storage.ErrNotExist)
	case response.Code == minio.InvalidRange:
		return fmt.Errorf("s3: %s: %w", op, storage.ErrRange)
	case response.StatusCode == http.StatusInsufficientStorage || full[response.Code]:
		return fmt.Errorf("s3: %s: %w: %w", op, storage.ErrFull, plain(err))
	}
	return fmt.Errorf("s3: %s: %w", op, plain(err))
}

// codeOf returns the S3 error code of err, or an empty string if err did not come from the service.
func codeOf(err error) string {
	response, _ := errors.AsType[minio.ErrorResponse](err)
	return response.Code
}

// plain takes the URL, and with it the key, out of err.
func plain(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	if strings.Contains(err.Error(), "closed by foreign host") {
		return errors.New("the service closed the connection")
	}
	if response, ok := errors.AsType[minio.ErrorResponse](err); ok {
		return fmt.Errorf("%s (%s)", strings.TrimSuffix(response.Error(), "."), response.Code)
	}
	return err
}
