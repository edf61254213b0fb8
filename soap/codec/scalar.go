package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

const schemaSpace = "http://www.w3.org/2001/XMLSchema"

func builtin(local string) *infoset.Name {
	return &infoset.Name{Prefix: "xsd", Space: schemaSpace, Local: local}
}

// The codecs of values that Go has a type for.
var (
	String  = Codec[string]{Type: builtin("string"), Decode: readString, Value: stringValue}
	Bool    = plain("boolean", infoset.Value.AsBool, infoset.Bool)
	Int8    = signed[int8](8, "byte")
	Int16   = signed[int16](16, "short")
	Int32   = signed[int32](32, "int")
	Int64   = signed[int64](64, "long")
	Uint8   = unsigned[uint8](8, "unsignedByte")
	Uint16  = unsigned[uint16](16, "unsignedShort")
	Uint32  = unsigned[uint32](32, "unsignedInt")
	Uint64  = unsigned[uint64](64, "unsignedLong")
	Float32 = float[float32](32, "float", infoset.Float32)
	Float64 = float[float64](64, "double", infoset.Float64)
)

// The codecs of values that package xsd has a type for.
var (
	Decimal    = of[xsd.Decimal]("decimal")
	Integer    = of[xsd.Integer]("integer")
	DateTime   = of[xsd.DateTime]("dateTime")
	Date       = of[xsd.Date]("date")
	Time       = of[xsd.Time]("time")
	Duration   = of[xsd.Duration]("duration")
	GYear      = of[xsd.GYear]("gYear")
	GYearMonth = of[xsd.GYearMonth]("gYearMonth")
	GMonth     = of[xsd.GMonth]("gMonth")
	GMonthDay  = of[xsd.GMonthDay]("gMonthDay")
	GDay       = of[xsd.GDay]("gDay")
	Base64     = of[xsd.Base64]("base64Binary")
	Hex        = of[xsd.Hex]("hexBinary")
	QName      = Codec[xsd.QName]{Type: builtin("QName"), Decode: decodeQName, Value: func(e *Encoder, v xsd.QName) (infoset.Value, error) {
		return xsd.WriteQName(e.w, v), nil
	}}
)

func readString(d *Decoder, v *string) error {
	text, err := d.value()
	if err != nil {
		return err
	}
	*v = text.String()
	return nil
}

func stringValue(_ *Encoder, v string) (infoset.Value, error) { return infoset.String(v), nil }

func signed[T int8 | int16 | int32 | int64](size int, local string) Codec[T] {
	return plain(local, func(v infoset.Value) (T, error) {
		n, err := v.AsInt(size)
		return T(n), err
	}, func(v T) infoset.Value { return infoset.Int(int64(v)) })
}

func unsigned[T uint8 | uint16 | uint32 | uint64](size int, local string) Codec[T] {
	return plain(local, func(v infoset.Value) (T, error) {
		n, err := v.AsUint(size)
		return T(n), err
	}, func(v T) infoset.Value { return infoset.Uint(uint64(v)) })
}

func float[T float32 | float64](size int, local string, value func(T) infoset.Value) Codec[T] {
	return plain(local, func(v infoset.Value) (T, error) {
		f, err := v.AsFloat(size)
		return T(f), err
	}, value)
}

// plain is the codec of a type that is read from a value and given as one, whatever stands around it.
func plain[T any](local string, parse func(infoset.Value) (T, error), value func(T) infoset.Value) Codec[T] {
	return Codec[T]{
		Type: builtin(local),
		Decode: func(d *Decoder, v *T) error {
			text, err := d.value()
			if err != nil {
				return err
			}
			*v, err = parse(text)
			return d.at(err)
		},
		Value: func(_ *Encoder, v T) (infoset.Value, error) { return value(v), nil },
	}
}

// of is the codec of a type of package xsd.
func of[T interface{ Value() infoset.Value }, P interface {
	*T
	FromValue(infoset.Value) error
}](local string,
) Codec[T] {
	return Codec[T]{
		Type: builtin(local),
		Decode: func(d *Decoder, v *T) error {
			text, err := d.value()
			if err != nil {
				return err
			}
			return d.at(P(v).FromValue(text))
		},
		Value: func(_ *Encoder, v T) (infoset.Value, error) { return v.Value(), nil },
	}
}

func decodeQName(d *Decoder, v *xsd.QName) error {
	q, err := scoped(d, xsd.ReadQName)
	*v = q
	return d.at(err)
}

// wrong is the error of a value that cannot be written.
func (e *Encoder) wrong(name *infoset.Name, err error) error {
	e.failed = append(e.failed, name)
	return err
}
