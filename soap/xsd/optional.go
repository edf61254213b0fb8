package xsd

// Opt is a value that may be absent: an optional element or attribute. It is not
// the same as a nil or an empty value. The zero Opt is absent.
type Opt[T any] struct {
	value T
	set   bool
}

// Some gives a value that is there.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// None gives an absent value.
func None[T any]() Opt[T] { return Opt[T]{} }

// Get gives the value and whether it is there.
func (o Opt[T]) Get() (T, bool) { return o.value, o.set }

// IsSet reports whether the value is there.
func (o Opt[T]) IsSet() bool { return o.set }

// Or gives the value, or other where it is absent.
func (o Opt[T]) Or(other T) T {
	if o.set {
		return o.value
	}
	return other
}

// Set makes the value be there.
func (o *Opt[T]) Set(v T) { o.value, o.set = v, true }

// Clear makes the value absent.
func (o *Opt[T]) Clear() { *o = Opt[T]{} }

// Nillable is the content of an element that may be nil (xsi:nil="true", XML
// Schema part 1, 2.6.2): the element is there, its content is not. The zero
// Nillable has the zero value of T. An element that may also be absent is an
// Opt[Nillable[T]].
type Nillable[T any] struct {
	value T
	null  bool
}

// Value gives content that is there.
func Value[T any](v T) Nillable[T] { return Nillable[T]{value: v} }

// Nil gives nil content.
func Nil[T any]() Nillable[T] { return Nillable[T]{null: true} }

// Get gives the content, and false for nil.
func (n Nillable[T]) Get() (T, bool) { return n.value, !n.null }

// IsNil reports whether the content is nil.
func (n Nillable[T]) IsNil() bool { return n.null }

// NilWith gives nil content of an element that has attributes all the same: they are in v.
func NilWith[T any](v T) Nillable[T] { return Nillable[T]{value: v, null: true} }

// SetNil makes the content nil, or not nil. The value itself stays.
func (n *Nillable[T]) SetNil(null bool) { n.null = null }

// Slot gives a pointer to the value, a *T: codecs read into it.
func (n *Nillable[T]) Slot() any { return &n.value }
