package s3

import (
	"context"
	"net/http"

	"github.com/minio/minio-go/v7"
)

// Warnings implements [storage.Warner]: it tells whether the bucket keeps what is deleted. What the account
// may not ask about is a warning too.
func (s *Store) Warnings(ctx context.Context) ([]string, error) {
	var warnings []string
	for _, ask := range []func(context.Context) (string, error){s.versioning, s.objectLock, s.replication} {
		warning, err := ask(ctx)
		if err != nil {
			return warnings, wrap("warnings", err)
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return warnings, nil
}

func (s *Store) versioning(ctx context.Context) (string, error) {
	config, err := s.client.GetBucketVersioning(ctx, s.bucket)
	switch {
	case err != nil:
		return unknown(err, "keeps old versions (s3:GetBucketVersioning)")
	case config.Enabled():
		return "versioning is on: deleted objects stay in the bucket as old versions; turn it off, and remove the versions", nil
	case config.Suspended():
		return "versioning was on once: what was deleted then is still in the bucket; remove the old versions", nil
	}
	return "", nil
}

func (s *Store) objectLock(ctx context.Context) (string, error) {
	status, _, _, _, err := s.client.GetObjectLockConfig(ctx, s.bucket)
	switch {
	case err != nil:
		return unknown(err, "locks objects (s3:GetBucketObjectLockConfiguration)")
	case status == minio.Enabled:
		return "object lock is on: objects may stay in the bucket although they were deleted; use a bucket without it", nil
	}
	return "", nil
}

func (s *Store) replication(ctx context.Context) (string, error) {
	config, err := s.client.GetBucketReplication(ctx, s.bucket)
	switch {
	case err != nil:
		return unknown(err, "is replicated (s3:GetReplicationConfiguration)")
	case len(config.Rules) > 0:
		return "replication is on: copies elsewhere may outlive deleted objects; see that deletions are replicated too", nil
	}
	return "", nil
}

// unknown turns the error of a question into its answer: no configuration and no such feature are a no.
func unknown(err error, what string) (string, error) {
	response := minio.ToErrorResponse(err)
	switch {
	case response.Code == "ObjectLockConfigurationNotFoundError" || response.Code == "ReplicationConfigurationNotFoundError":
		return "", nil
	case response.StatusCode == http.StatusNotImplemented || response.Code == minio.NotImplemented:
		return "", nil
	case response.StatusCode == http.StatusForbidden:
		return "this account may not ask whether the bucket " + what, nil
	}
	return "", err
}
