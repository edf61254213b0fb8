package xsd

import (
	"math"
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Duration is xs:duration (XML Schema part 2, 3.2.6): a span in six units, months
// and years of no fixed length among them. Comparable with ==, which compares
// lexical forms too.
type Duration struct {
	Negative                                     bool
	Years, Months, Days, Hours, Minutes, Seconds int // at most nine digits each
	Fraction                                     string

	text string
}

// DurationOf gives the span d in days, hours, minutes and seconds, as .NET writes
// a TimeSpan. Nanoseconds below 100 stay.
func DurationOf(d time.Duration) Duration {
	var v Duration
	u := uint64(d)
	if d < 0 {
		v.Negative = true
		u = -u
	}
	second := u / uint64(time.Second)
	v.Days, v.Hours = int(second/86_400), int(second/3600%24)
	v.Minutes, v.Seconds = int(second/60%60), int(second%60)
	if ns := int(u % uint64(time.Second)); ns != 0 {
		v.Fraction = string(padded(nil, ns, 9))
		for v.Fraction[len(v.Fraction)-1] == '0' {
			v.Fraction = v.Fraction[:len(v.Fraction)-1]
		}
	}
	v.format()
	return v
}

// String gives the lexical form.
func (d Duration) String() string { return d.text }

// FromValue reads the lexical form; BadValue if it is none.
func (d *Duration) FromValue(v infoset.Value) error {
	text, ok := lexical(v)
	if !ok {
		return bad("duration")
	}
	got := Duration{text: text}
	if !got.parse(scanner{text}) {
		return bad("duration")
	}
	*d = got
	return nil
}

// parse reads PnYnMnDTnHnMnS. Units come in order, each at most once, at least
// one of them, and at least one behind T.
func (d *Duration) parse(s scanner) bool {
	d.Negative = s.take('-')
	if !s.take('P') {
		return false
	}
	units := "YMD"
	fields := []*int{&d.Years, &d.Months, &d.Days}
	unit, clock := false, false
	for !s.done() {
		if !clock && s.take('T') {
			clock, unit = true, false
			units, fields = "HMS", []*int{&d.Hours, &d.Minutes, &d.Seconds}
			continue
		}
		n, ok := number(s.digits())
		if !ok {
			return false
		}
		if s.take('.') {
			if d.Fraction = s.digits(); d.Fraction == "" || len(s.rest) == 0 || s.rest[0] != 'S' {
				return false
			}
		}
		for len(units) > 0 && !s.take(units[0]) {
			units, fields = units[1:], fields[1:]
		}
		if len(units) == 0 {
			return false
		}
		*fields[0] = n
		units, fields = units[1:], fields[1:]
		unit = true
	}
	return unit
}

func (d *Duration) format() {
	b := make([]byte, 0, 40)
	if d.Negative {
		b = append(b, '-')
	}
	b = append(b, 'P')
	put := func(n int, unit byte) {
		if n != 0 {
			b = append(padded(b, n, 1), unit)
		}
	}
	put(d.Years, 'Y')
	put(d.Months, 'M')
	put(d.Days, 'D')
	if d.Hours != 0 || d.Minutes != 0 || d.Seconds != 0 || d.Fraction != "" {
		b = append(b, 'T')
		put(d.Hours, 'H')
		put(d.Minutes, 'M')
		if d.Fraction != "" {
			b = append(append(append(padded(b, d.Seconds, 1), '.'), d.Fraction...), 'S')
		} else {
			put(d.Seconds, 'S')
		}
	}
	if b[len(b)-1] == 'P' {
		b = append(b, "T0S"...)
	}
	d.text = string(b)
}

// Ticks gives the span in units of 100 ns; false where it has years or months, a
// finer fraction, or leaves 64 bits.
func (d Duration) Ticks() (int64, bool) {
	if d.Years != 0 || d.Months != 0 || len(d.Fraction) > 7 {
		return 0, false
	}
	fraction := uint64(0)
	for i := range 7 {
		fraction *= 10
		if i < len(d.Fraction) {
			fraction += uint64(d.Fraction[i] - '0')
		}
	}
	// Nine digits each: no product below leaves 64 bits but that of days.
	const perSecond, most = 10_000_000, uint64(math.MaxInt64)
	seconds := uint64(d.Days)*86_400 + uint64(d.Hours)*3600 + uint64(d.Minutes)*60 + uint64(d.Seconds)
	if seconds > most/perSecond {
		return 0, false
	}
	u := seconds*perSecond + fraction
	switch {
	case d.Negative && u <= most+1:
		return int64(-u), true
	case !d.Negative && u <= most:
		return int64(u), true
	}
	return 0, false
}

// Std gives the span as a time.Duration; false where that cannot hold it.
func (d Duration) Std() (time.Duration, bool) {
	ticks, ok := d.Ticks()
	if !ok || ticks > math.MaxInt64/100 || ticks < math.MinInt64/100 {
		return 0, false
	}
	return time.Duration(ticks) * 100, true
}

// Value gives the value to write: typed where .NET writes exactly this TimeSpan.
func (d Duration) Value() infoset.Value {
	if ticks, ok := d.Ticks(); ok {
		return exactly(infoset.TimeSpan(ticks), d.text)
	}
	return infoset.String(d.text)
}
