package bolt

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/internal/book"
)

// The files of a data directory that belong to the store.
const (
	stateFile = "state.db"
	keyFile   = "key.bin"
)

// lockTimeout is how long Open waits for another process by default: longer than a gateway takes to stop with no streams.
const lockTimeout = 3 * time.Second

// Params is what Open may be told. The zero value is useful.
type Params struct {
	// Credentials is the directory in which systemd puts credentials ($CREDENTIALS_DIRECTORY). When it has a file
	// causeway-key, that is the key and key.bin is neither read nor made. Empty: key.bin.
	Credentials string
	// LockTimeout is how long to wait while another process has the file. 0: three seconds.
	LockTimeout time.Duration
}

// ErrLocked is wrapped by Open's error when another process has the file.
var ErrLocked = errors.New("another process has the store open")

// ErrCorrupt is wrapped by Open's error when the file cannot be read as a store.
var ErrCorrupt = errors.New("the store is damaged")

// ErrKey is wrapped by Open's error when the key is missing, unsafe or not the one that the store was written with.
var ErrKey = errors.New("the key of the store cannot be used")

// Open opens the store in the directory, makes both where there is none, and reads everything. The caller closes it.
// Errors wrap ErrLocked, ErrCorrupt or ErrKey where they apply, name the file and end with what to do.
func Open(dir string, p Params) (store.Store, error) {
	k, view, revision, err := open(dir, p)
	if err != nil {
		return nil, err
	}
	return book.New(k, view, revision), nil
}

func open(dir string, p Params) (*keeper, *store.View, uint64, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, 0, fmt.Errorf("make the data directory: %w: choose another with --data", err)
	}
	path := filepath.Join(dir, stateFile)
	db, err := openFile(path, p.LockTimeout)
	if err != nil {
		return nil, nil, 0, explain(path, err)
	}
	k := &keeper{db: db}
	view, revision, err := k.load(dir, p)
	if err != nil {
		_ = db.Close()
		return nil, nil, 0, explain(path, err)
	}
	return k, view, revision, nil
}

// openFile opens and locks the file. A new one is on the disk, with its name, before it is used.
func openFile(path string, wait time.Duration) (db *bbolt.DB, err error) {
	if wait <= 0 {
		wait = lockTimeout
	}
	_, missing := os.Stat(path)
	var file *os.File
	options := &bbolt.Options{
		Timeout: wait, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	}
	err = guard(func() error {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	if err == nil && errors.Is(missing, fs.ErrNotExist) {
		err = syncDir(filepath.Dir(path))
	}
	if err == nil {
		return db, nil
	}
	if db != nil {
		_ = db.Close()
	} else if file != nil {
		abandon(file) // a panic left it open and locked; after an error it is closed already
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrLocked
	}
	if _, system := errors.AsType[syscall.Errno](err); !system && !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err) // bbolt does not like what it reads
	}
	return nil, err
}

// load reads everything, with the key that fits.
func (k *keeper) load(dir string, p Params) (view *store.View, revision uint64, err error) {
	var c contents
	if err = guard(func() error { return k.db.View(c.read) }); err != nil {
		return nil, 0, err
	}
	key, err := loadKey(dir, p.Credentials, c.sealed)
	if err != nil {
		return nil, 0, err
	}
	if c.sealed && c.keyID != keyID(key) {
		return nil, 0, fmt.Errorf("%w: it is not the key that %s was written with: bring back the right %s, or move %s away and start anew",
			ErrKey, stateFile, keyFile, stateFile)
	}
	if k.aead, err = newAEAD(key); err != nil {
		return nil, 0, err
	}
	if view, err = c.open(k.aead); err != nil {
		return nil, 0, err
	}
	if c.keyID == keyID(key) {
		return view, c.revision, nil
	}
	return view, c.revision, k.update(func(tx *bbolt.Tx) error { return putMeta(tx, metaKey, keyID(key)) })
}

// contents is everything that the file has, keys still sealed.
type contents struct {
	revision uint64
	keyID    string
	rules    []ruleRecord
	entities []sealedEntity
	sealed   bool // some rule has a key
}

type sealedEntity struct {
	namespace string
	record    *entityRecord
}

// open decrypts every key.
func (c *contents) open(aead cipher.AEAD) (*store.View, error) {
	rules, err := openRules(aead, scopeOfNamespace, c.rules)
	if err != nil {
		return nil, err
	}
	entities := make([]*entity.Entity, 0, len(c.entities))
	for _, s := range c.entities {
		e, err := s.record.open(aead, s.namespace)
		if err != nil {
			return nil, err
		}
		entities = append(entities, e)
	}
	return store.NewView(rules, entities), nil
}

// explain names the file and says what to do about it.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, ErrLocked):
		return fmt.Errorf("open %s: %w: stop the other gateway, or choose another directory with --data", path, err)
	case errors.Is(err, ErrCorrupt):
		return fmt.Errorf("open %s: %w: bring it back from a backup, or move it away and start anew", path, err)
	case errors.Is(err, fs.ErrPermission) && !errors.Is(err, ErrKey):
		return fmt.Errorf("open %s: %w: run the gateway as the user who owns the data directory, or choose another with --data", path, err)
	}
	return fmt.Errorf("open %s: %w", path, err)
}
