package xsd

import (
	"strconv"
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Moment is what the date and time types have in common (XML Schema part 2, D).
// Fields that a type does not have are zero. A Moment is comparable with ==,
// which compares lexical forms too; Time gives instants to compare.
type Moment struct {
	Year       int // may be negative or above 9999
	Month, Day int
	Hour       int // 24 only as 24:00:00, the end of the day
	Minute     int
	Second     int
	Fraction   string // digits of the second's fraction, as they were written
	HasZone    bool
	Zone       int // minutes east of UTC, -840 to 840

	text string
}

// String gives the lexical form: the one that was read, or for a Moment made in
// the program the canonical form of its type.
func (m Moment) String() string { return m.text }

// Time gives the instant. A value without zone is taken to be in loc; fields that
// the type does not have are those of 1 January of year 1, 00:00. Digits of the
// fraction behind the ninth are lost.
func (m Moment) Time(loc *time.Location) time.Time {
	if m.HasZone {
		loc = time.UTC
		if m.Zone != 0 {
			loc = time.FixedZone("", m.Zone*60)
		}
	}
	ns := 0
	for i := range 9 {
		ns *= 10
		if i < len(m.Fraction) {
			ns += int(m.Fraction[i] - '0')
		}
	}
	year := m.Year
	if m.Month == 0 && m.Day == 0 && year == 0 {
		year = 1
	}
	return time.Date(year, time.Month(max(m.Month, 1)), max(m.Day, 1), m.Hour, m.Minute, m.Second, ns, loc)
}

// layout says which fields a type has, in the order of its lexical form.
type layout string

const (
	layoutDateTime  layout = "Y-M-DTh"
	layoutDate      layout = "Y-M-D"
	layoutTime      layout = "h"
	layoutYear      layout = "Y"
	layoutYearMonth layout = "Y-M"
	layoutMonth     layout = "--M"
	layoutMonthDay  layout = "--M-D"
	layoutDay       layout = "---D"
)

// parse reads text of a layout.
func parse(text string, l layout) (m Moment, ok bool) {
	s := scanner{text}
	m.text = text
	for i := range len(l) {
		switch l[i] {
		case 'Y':
			m.Year, ok = year(&s)
		case 'M':
			m.Month, ok = s.two(1, 12)
		case 'D':
			m.Day, ok = s.two(1, 31)
		case 'h':
			ok = m.clock(&s)
		default:
			ok = s.take(l[i])
		}
		if !ok {
			return m, false
		}
	}
	return m, m.zone(&s) && s.done() && m.real(l)
}

// year reads four or more digits, more only without leading zero.
func year(s *scanner) (int, bool) {
	minus := s.take('-')
	d := s.digits()
	y, ok := number(d)
	if minus {
		y = -y
	}
	return y, ok && len(d) >= 4 && (len(d) == 4 || d[0] != '0')
}

// clock reads hh:mm:ss with an optional fraction.
func (m *Moment) clock(s *scanner) bool {
	var ok1, ok2, ok3 bool
	m.Hour, ok1 = s.two(0, 24)
	c1 := s.take(':')
	m.Minute, ok2 = s.two(0, 59)
	c2 := s.take(':')
	m.Second, ok3 = s.two(0, 59)
	if s.take('.') {
		if m.Fraction = s.digits(); m.Fraction == "" {
			return false
		}
	}
	if m.Hour == 24 && (m.Minute != 0 || m.Second != 0 || !zeros(m.Fraction)) {
		return false
	}
	return ok1 && c1 && ok2 && c2 && ok3
}

func zeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// zone reads Z, a sign and hh:mm, or nothing.
func (m *Moment) zone(s *scanner) bool {
	if s.done() {
		return true
	}
	m.HasZone = true
	if s.take('Z') {
		return true
	}
	minus := s.take('-')
	if !minus && !s.take('+') {
		return false
	}
	h, ok1 := s.two(0, 14)
	colon := s.take(':')
	minutes, ok2 := s.two(0, 59)
	if m.Zone = h*60 + minutes; m.Zone > 14*60 {
		return false
	}
	if minus {
		m.Zone = -m.Zone
	}
	return ok1 && colon && ok2
}

// real reports whether the day exists. Days of no known year may be those of a
// leap year.
func (m *Moment) real(l layout) bool {
	switch l {
	case layoutDateTime, layoutDate:
		return m.Day <= daysIn(m.Year, m.Month)
	case layoutMonthDay:
		return m.Day <= daysIn(4, m.Month)
	}
	return true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// format writes the canonical form of a layout.
func (m *Moment) format(l layout) {
	b := make([]byte, 0, 40)
	for i := range len(l) {
		switch l[i] {
		case 'Y':
			if m.Year < 0 {
				b = append(b, '-')
			}
			b = padded(b, max(m.Year, -m.Year), 4)
		case 'M':
			b = padded(b, m.Month, 2)
		case 'D':
			b = padded(b, m.Day, 2)
		case 'h':
			b = padded(append(padded(append(padded(b, m.Hour, 2), ':'), m.Minute, 2), ':'), m.Second, 2)
			if m.Fraction != "" {
				b = append(append(b, '.'), m.Fraction...)
			}
		default:
			b = append(b, l[i])
		}
	}
	switch {
	case !m.HasZone:
	case m.Zone == 0:
		b = append(b, 'Z')
	default:
		sign := byte('+')
		if m.Zone < 0 {
			sign = '-'
		}
		z := max(m.Zone, -m.Zone)
		b = padded(append(padded(append(b, sign), z/60, 2), ':'), z%60, 2)
	}
	m.text = string(b)
}

func padded(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// fromValue is FromValue of every type below.
func (m *Moment) fromValue(v infoset.Value, l layout, what string) error {
	text, ok := lexical(v)
	if !ok {
		return bad(what)
	}
	got, ok := parse(text, l)
	if !ok {
		return bad(what)
	}
	*m = got
	return nil
}

// fromTime takes the fields of t that the layout has; zone tells whether the
// value gets the zone of t.
func fromTime(t time.Time, zone bool, l layout) (m Moment) {
	if zone {
		_, offset := t.Zone()
		if offset%60 != 0 { // seconds of a zone cannot be written
			t = t.UTC()
			offset = 0
		}
		m.HasZone, m.Zone = true, offset/60
	}
	for i := range len(l) {
		switch l[i] {
		case 'Y':
			m.Year = t.Year()
		case 'M':
			m.Month = int(t.Month())
		case 'D':
			m.Day = t.Day()
		case 'h':
			m.Hour, m.Minute, m.Second = t.Clock()
			if ns := t.Nanosecond(); ns != 0 {
				f := string(padded(nil, ns, 9))
				for f[len(f)-1] == '0' {
					f = f[:len(f)-1]
				}
				m.Fraction = f
			}
		}
	}
	m.format(l)
	return m
}
