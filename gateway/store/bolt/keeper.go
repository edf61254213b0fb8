package bolt

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// The buckets and fixed keys of the file. An entity's key is its namespace, a zero byte and its canonical path.
var (
	bucketMeta     = []byte("meta")
	bucketEntities = []byte("entities")
	bucketRules    = []byte("rules")
	namespaceRules = []byte("namespace")
	metaRevision   = []byte("revision")
	metaKey        = []byte("key")
)

// keeper writes changes to the file: a book.Keeper. After a write that failed nobody knows what the disk has, so every
// later one fails too: the gateway goes on with what it has in memory until it is started anew.
type keeper struct {
	db     *bbolt.DB
	aead   cipher.AEAD
	broken error
}

// Put writes the entity with its keys sealed.
func (k *keeper) Put(e *entity.Entity, revision uint64) error {
	value, err := encodeEntity(k.aead, e)
	if err != nil {
		return err
	}
	return k.change(revision, bucketEntities, entityKey(e.At), value)
}

// Delete removes the entity.
func (k *keeper) Delete(at entity.Address, revision uint64) error {
	return k.change(revision, bucketEntities, entityKey(at), nil)
}

// PutRules writes the namespace's rules with their keys sealed.
func (k *keeper) PutRules(rules []entity.Rule, revision uint64) error {
	value, err := encodeRules(k.aead, rules)
	if err != nil {
		return err
	}
	return k.change(revision, bucketRules, namespaceRules, value)
}

// Close closes and unlocks the file.
func (k *keeper) Close() error { return guard(k.db.Close) }

// change is the one transaction of a change: the record (nil: removed) and the store's revision with it.
func (k *keeper) change(revision uint64, bucket, key, value []byte) error {
	return k.update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		if err != nil {
			return err
		}
		if value == nil {
			err = b.Delete(key)
		} else {
			err = b.Put(key, value)
		}
		if err != nil {
			return err
		}
		return putMeta(tx, metaRevision, string(binary.BigEndian.AppendUint64(nil, revision)))
	})
}

func (k *keeper) update(f func(*bbolt.Tx) error) error {
	if k.broken != nil {
		return fmt.Errorf("an earlier write failed, start the gateway anew: %w", k.broken)
	}
	if err := guard(func() error { return k.db.Update(f) }); err != nil {
		k.broken = err
		return fmt.Errorf("write %s: %w", k.db.Path(), err)
	}
	return nil
}

func putMeta(tx *bbolt.Tx, key []byte, value string) error {
	b, err := tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	return b.Put(key, []byte(value))
}

// read takes everything out of the file. It copies: pages are valid only while the transaction lasts.
func (c *contents) read(tx *bbolt.Tx) error {
	if b := tx.Bucket(bucketMeta); b != nil {
		c.keyID = string(b.Get(metaKey))
		if value := b.Get(metaRevision); value != nil {
			if len(value) != 8 {
				return fmt.Errorf("%w: its revision has %d bytes", ErrCorrupt, len(value))
			}
			c.revision = binary.BigEndian.Uint64(value)
		}
	}
	if b := tx.Bucket(bucketRules); b != nil {
		rules, err := decodeRules(b.Get(namespaceRules))
		if err != nil {
			return err
		}
		c.rules, c.sealed = rules, len(rules) > 0
	}
	b := tx.Bucket(bucketEntities)
	if b == nil {
		return nil
	}
	return b.ForEach(func(key, value []byte) error {
		if len(c.entities) >= entity.MaxEntities {
			return fmt.Errorf("%w: it has more than %d entities", ErrCorrupt, entity.MaxEntities)
		}
		record, err := decodeEntity(value)
		if err != nil {
			return fmt.Errorf("entity %q: %w", key, err)
		}
		namespace, path, _ := strings.Cut(string(key), "\x00")
		at, err := entity.NewAddress(namespace, record.Name)
		if err != nil || at.Path != path {
			return fmt.Errorf("entity %q: %w: it is recorded with the name %q", key, ErrCorrupt, record.Name)
		}
		c.entities = append(c.entities, sealedEntity{namespace, record})
		c.sealed = c.sealed || len(record.Rules) > 0
		return nil
	})
}

func entityKey(at entity.Address) []byte { return []byte(at.Namespace + "\x00" + at.Path) }
