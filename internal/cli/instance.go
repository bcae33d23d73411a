package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/open"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
)

// A serveRecord is what serve leaves in its state folder, in serve.json, for the commands of admin. Only the owner of
// the folder can read it. The keys of a bucket are never in it.
type serveRecord struct {
	PublicURL string `json:"public_url"`
	Storage   string `json:"storage"`

	// One of these. A file that the operator chose for the URL is named, so that a password stays where it is.
	Database     string `json:"database,omitempty"`
	DatabaseFile string `json:"database_file,omitempty"`
}

const recordName = "serve.json"

// folder returns the state folder.
func (c *serverSettings) folder(u *ui) (string, error) {
	if c.state != "" {
		return filepath.Abs(c.state)
	}
	dir, err := u.stateFolder("mayfly-server")
	if err != nil {
		return "", withHint(usageError{err}, "say where with --state DIR")
	}
	return dir, nil
}

// record returns where this server keeps things, by its settings.
func (c *serverSettings) record(folder string) (serveRecord, error) {
	r := serveRecord{PublicURL: c.publicURL, Storage: c.storage, Database: c.database}
	if r.Storage == "" {
		r.Storage = "dir:" + filepath.Join(folder, "blobs")
	}
	if r.Database == "" {
		r.Database = "sqlite:" + filepath.Join(folder, "state.db")
	}
	var errs [3]error
	r.Storage, errs[0] = absolute(r.Storage, "dir:")
	r.Database, errs[1] = absolute(r.Database, "sqlite:")
	if file := c.source("database").file; file != "" {
		r.Database = ""
		r.DatabaseFile, errs[2] = filepath.Abs(file)
	}
	return r, errors.Join(errs[:]...)
}

// absolute makes the path behind scheme absolute, so that it means the same from everywhere.
func absolute(s, scheme string) (string, error) {
	path, ok := strings.CutPrefix(s, scheme)
	if !ok || path == "" {
		return s, nil
	}
	path, err := filepath.Abs(path)
	return scheme + path, err
}

// save leaves r in the state folder.
func (r serveRecord) save(folder string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(folder, recordName), append(data, '\n'), 0o600)
}

// readRecord returns what the last serve in folder left there.
func readRecord(folder string) (serveRecord, error) {
	var r serveRecord
	path := filepath.Join(folder, recordName)
	data, err := readLimited(path, maxSettingFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, withHint(fmt.Errorf("no server has run in %s yet", folder), "name its folder with --state, or start it with: mayfly serve --state %s", folder)
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// known completes c for a command of admin: what no setting says is as the last serve left it.
func (c *serverSettings) known(u *ui) (serveRecord, error) {
	folder, err := c.folder(u)
	if err != nil {
		return serveRecord{}, err
	}
	r, err := readRecord(folder)
	if err != nil {
		return r, err
	}
	if c.storage != "" {
		r.Storage = c.storage
	}
	if c.database != "" {
		r.Database, r.DatabaseFile = c.database, ""
	}
	return r, nil
}

// openDatabase opens the database of r. The caller closes it.
func (r serveRecord) openDatabase(ctx context.Context) (*state.DB, error) {
	dsn := r.Database
	if r.DatabaseFile != "" {
		data, err := readLimited(r.DatabaseFile, maxSettingFile)
		if err != nil {
			return nil, fmt.Errorf("the file with the address of the database: %w", err)
		}
		dsn = strings.TrimRight(string(data), "\r\n")
	}
	db, err := state.Open(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", hidePassword(err, dsn))
	}
	return db, nil
}

// hasPassword reports whether there is, or may be, a password in the address of a database.
func hasPassword(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil {
		return true
	}
	_, ok := u.User.Password()
	return ok || u.Query().Has("password")
}

// hidePassword returns err, or less of it should it quote an address with a password.
func hidePassword(err error, dsn string) error {
	if !hasPassword(dsn) {
		return err
	}
	u, parseErr := url.Parse(dsn)
	if parseErr != nil {
		return errors.New("its address cannot be read")
	}
	password, _ := u.User.Password()
	for _, pw := range []string{password, u.Query().Get("password")} {
		if pw != "" && strings.Contains(err.Error(), pw) {
			return errors.New(strings.ReplaceAll(err.Error(), pw, "…"))
		}
	}
	return err
}

// openStore opens a storage with the credentials that c has. The caller calls closeStore.
func (c *serverSettings) openStore(ctx context.Context, storageURL string) (storage.Store, error) {
	store, err := open.Open(ctx, storageURL, open.Credentials{
		AccessKey: c.s3AccessKey.reveal(), SecretKey: s3.Secret(c.s3SecretKey.reveal()),
	})
	if err != nil {
		return nil, fmt.Errorf("the storage: %w", err)
	}
	return store, nil
}

func closeStore(s storage.Store) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// makeFolder makes the state folder, for its owner alone.
func makeFolder(path string) error { return os.MkdirAll(path, 0o700) }
