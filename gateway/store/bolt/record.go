package bolt

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// A record is one byte of version, the CRC-32C of the rest, big-endian, and a JSON document.
const (
	recordVersion = 1
	recordHead    = 1 + crc32.Size
	maxRecord     = 1 << 20 // bytes; an entity with twelve rules and long names has about 20 KiB, an attached description at most 720 KiB
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entityRecord is an entity on the disk. Its names never change; a change of meaning is a new version.
type entityRecord struct {
	Name             string         `json:"name"`
	Kind             entity.Kind    `json:"kind"`
	AnonymousSenders bool           `json:"anonymousSenders,omitempty"`
	UserMetadata     string         `json:"userMetadata,omitempty"`
	ResponseTimeout  time.Duration  `json:"responseTimeout,omitempty"` // nanoseconds
	RawRequestTarget bool           `json:"rawRequestTarget,omitempty"`
	NoPlainWebSocket bool           `json:"noPlainWebSocket,omitempty"`
	EndTLS           bool           `json:"endTLS,omitempty"`
	Sticky           bool           `json:"sticky,omitempty"`
	Allow            []netip.Prefix `json:"allow,omitempty"`
	Metadata         []fileRecord   `json:"metadata,omitempty"`
	ListenerBinding  string         `json:"listenerBinding,omitempty"`
	ServiceAddress   string         `json:"serviceAddress,omitempty"`
	OneWay           []string       `json:"oneWay,omitempty"`
	Rules            []ruleRecord   `json:"rules,omitempty"`
	Source           entity.Source  `json:"source,omitempty"`
	CreatedAt        time.Time      `json:"createdAt"`
	UpdatedAt        time.Time      `json:"updatedAt"`
	Revision         uint64         `json:"revision"`
}

// fileRecord is a file of an attached description. Its text is packed by gzip: a description has a tenth of its bytes then.
type fileRecord struct {
	Name string `json:"name"`
	Text []byte `json:"text"`
}

// ruleRecord is a rule on the disk, its keys sealed.
type ruleRecord struct {
	Name      string        `json:"name"`
	Rights    entity.Rights `json:"rights"` // bits: 1 Listen, 2 Send, 4 Manage
	Primary   []byte        `json:"primary"`
	Secondary []byte        `json:"secondary,omitempty"`
	Source    entity.Source `json:"source,omitempty"`
}

// encodeEntity gives the record of an entity.
func encodeEntity(aead cipher.AEAD, e *entity.Entity) ([]byte, error) {
	return encode(&entityRecord{
		Name: e.Name, Kind: e.Kind, AnonymousSenders: e.AnonymousSenders, UserMetadata: e.UserMetadata,
		ResponseTimeout: e.Settings.ResponseTimeout, RawRequestTarget: e.Settings.RawRequestTarget,
		NoPlainWebSocket: e.Settings.NoPlainWebSocket, EndTLS: e.Settings.EndTLS, Sticky: e.Settings.Sticky,
		Allow: e.Settings.Allow, Metadata: packFiles(e.Settings.Metadata),
		ListenerBinding: e.Settings.Convert.Binding, ServiceAddress: e.Settings.Convert.Address, OneWay: e.Settings.Convert.OneWay,
		Rules:  sealRules(aead, scopeOf(e.At), e.Rules),
		Source: e.Source, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, Revision: e.Revision,
	})
}

// encodeRules gives the record of the namespace's rules.
func encodeRules(aead cipher.AEAD, rules []entity.Rule) ([]byte, error) {
	return encode(sealRules(aead, scopeOfNamespace, rules))
}

// decodeEntity reads a record; its keys stay sealed.
func decodeEntity(b []byte) (*entityRecord, error) {
	r := &entityRecord{}
	if err := decode(b, r); err != nil {
		return nil, err
	}
	return r, nil
}

// decodeRules reads the record of the namespace's rules. None is no rules.
func decodeRules(b []byte) ([]ruleRecord, error) {
	if b == nil {
		return nil, nil
	}
	var rules []ruleRecord
	if err := decode(b, &rules); err != nil {
		return nil, fmt.Errorf("rules of the namespace: %w", err)
	}
	return rules, nil
}

// open makes the entity, its keys in clear.
func (r *entityRecord) open(aead cipher.AEAD, namespace string) (*entity.Entity, error) {
	at, err := entity.NewAddress(namespace, r.Name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	rules, err := openRules(aead, scopeOf(at), r.Rules)
	if err != nil {
		return nil, fmt.Errorf("entity %q: %w", r.Name, err)
	}
	files, err := openFiles(r.Metadata)
	if err != nil {
		return nil, fmt.Errorf("entity %q: %w", r.Name, err)
	}
	return &entity.Entity{
		Name: r.Name, At: at, Kind: r.Kind, AnonymousSenders: r.AnonymousSenders, UserMetadata: r.UserMetadata,
		Settings: entity.Settings{
			ResponseTimeout: r.ResponseTimeout, RawRequestTarget: r.RawRequestTarget,
			NoPlainWebSocket: r.NoPlainWebSocket, EndTLS: r.EndTLS, Sticky: r.Sticky, Allow: r.Allow, Metadata: files,
			Convert: entity.Conversion{Binding: r.ListenerBinding, Address: r.ServiceAddress, OneWay: r.OneWay},
		},
		Rules: rules, Source: r.Source, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Revision: r.Revision,
	}, nil
}

func encode(v any) ([]byte, error) {
	document, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	if len(document) > maxRecord-recordHead {
		return nil, fmt.Errorf("encode a record: %d bytes, at most %d are allowed", len(document), maxRecord-recordHead)
	}
	b := make([]byte, recordHead, recordHead+len(document))
	b[0] = recordVersion
	binary.BigEndian.PutUint32(b[1:], crc32.Checksum(document, castagnoli))
	return append(b, document...), nil
}

func decode(b []byte, v any) error {
	if len(b) < recordHead || len(b) > maxRecord {
		return fmt.Errorf("%w: a record of %d bytes", ErrCorrupt, len(b))
	}
	if b[0] != recordVersion {
		return fmt.Errorf("a record of version %d, this program reads %d: run the version that wrote it, or a newer one", b[0], recordVersion)
	}
	document := b[recordHead:]
	if crc32.Checksum(document, castagnoli) != binary.BigEndian.Uint32(b[1:]) {
		return fmt.Errorf("%w: a record's checksum does not fit", ErrCorrupt)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: a record has more than one document", ErrCorrupt)
	}
	return nil
}
