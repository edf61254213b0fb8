package xsd

import (
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// The date and time types differ only in the fields they have. The zero value of
// each is no value: its text is empty, which no schema takes.

// DateTime is xs:dateTime (XML Schema part 2, 3.2.7): a date and time of day, with or without a zone.
type DateTime struct{ Moment }

// DateTimeOf takes the fields from t, and its zone if zone is set.
func DateTimeOf(t time.Time, zone bool) DateTime { return DateTime{fromTime(t, zone, layoutDateTime)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *DateTime) FromValue(v infoset.Value) error {
	return m.fromValue(v, layoutDateTime, "dateTime")
}

// Value gives the value to write: typed where .NET has exactly this DateTime
// (years 1 to 9999, at most seven digits of fraction, no zone or Z).
func (m DateTime) Value() infoset.Value {
	if m.Year < 1 || m.Year > 9999 || len(m.Fraction) > 7 || m.Zone != 0 || m.Hour == 24 {
		return infoset.String(m.text)
	}
	t := m.Time(time.UTC)
	zone := infoset.ZoneNone
	if m.HasZone {
		zone = infoset.ZoneUTC
	}
	const unixEpoch = 62_135_596_800 // seconds from year 1 to 1970
	ticks := uint64(t.Unix()+unixEpoch)*10_000_000 + uint64(t.Nanosecond()/100)
	return exactly(infoset.DateTime(ticks, zone), m.text)
}

// Date is xs:date (XML Schema part 2, 3.2.9): a day, with or without a zone.
type Date struct{ Moment }

// DateOf takes the fields from t, and its zone if zone is set.
func DateOf(t time.Time, zone bool) Date { return Date{fromTime(t, zone, layoutDate)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *Date) FromValue(v infoset.Value) error { return m.fromValue(v, layoutDate, "date") }

// Value gives the text to write.
func (m Date) Value() infoset.Value { return infoset.String(m.text) }

// Time is xs:time (XML Schema part 2, 3.2.8): a time of day, with or without a zone.
type Time struct{ Moment }

// TimeOf takes the fields from t, and its zone if zone is set.
func TimeOf(t time.Time, zone bool) Time { return Time{fromTime(t, zone, layoutTime)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *Time) FromValue(v infoset.Value) error { return m.fromValue(v, layoutTime, "time") }

// Value gives the text to write.
func (m Time) Value() infoset.Value { return infoset.String(m.text) }

// GYear is xs:gYear (XML Schema part 2, 3.2.11): a year, with or without a zone.
type GYear struct{ Moment }

// GYearOf takes the fields from t, and its zone if zone is set.
func GYearOf(t time.Time, zone bool) GYear { return GYear{fromTime(t, zone, layoutYear)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *GYear) FromValue(v infoset.Value) error { return m.fromValue(v, layoutYear, "gYear") }

// Value gives the text to write.
func (m GYear) Value() infoset.Value { return infoset.String(m.text) }

// GYearMonth is xs:gYearMonth (XML Schema part 2, 3.2.10): a month of a year, with or without a zone.
type GYearMonth struct{ Moment }

// GYearMonthOf takes the fields from t, and its zone if zone is set.
func GYearMonthOf(t time.Time, zone bool) GYearMonth {
	return GYearMonth{fromTime(t, zone, layoutYearMonth)}
}

// FromValue reads the lexical form; BadValue if it is none.
func (m *GYearMonth) FromValue(v infoset.Value) error {
	return m.fromValue(v, layoutYearMonth, "gYearMonth")
}

// Value gives the text to write.
func (m GYearMonth) Value() infoset.Value { return infoset.String(m.text) }

// GMonth is xs:gMonth (XML Schema part 2, 3.2.14): a month of every year, with or without a zone.
type GMonth struct{ Moment }

// GMonthOf takes the fields from t, and its zone if zone is set.
func GMonthOf(t time.Time, zone bool) GMonth { return GMonth{fromTime(t, zone, layoutMonth)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *GMonth) FromValue(v infoset.Value) error { return m.fromValue(v, layoutMonth, "gMonth") }

// Value gives the text to write.
func (m GMonth) Value() infoset.Value { return infoset.String(m.text) }

// GMonthDay is xs:gMonthDay (XML Schema part 2, 3.2.12): a day of every year, with or without a zone.
type GMonthDay struct{ Moment }

// GMonthDayOf takes the fields from t, and its zone if zone is set.
func GMonthDayOf(t time.Time, zone bool) GMonthDay {
	return GMonthDay{fromTime(t, zone, layoutMonthDay)}
}

// FromValue reads the lexical form; BadValue if it is none.
func (m *GMonthDay) FromValue(v infoset.Value) error {
	return m.fromValue(v, layoutMonthDay, "gMonthDay")
}

// Value gives the text to write.
func (m GMonthDay) Value() infoset.Value { return infoset.String(m.text) }

// GDay is xs:gDay (XML Schema part 2, 3.2.13): a day of every month, with or without a zone.
type GDay struct{ Moment }

// GDayOf takes the fields from t, and its zone if zone is set.
func GDayOf(t time.Time, zone bool) GDay { return GDay{fromTime(t, zone, layoutDay)} }

// FromValue reads the lexical form; BadValue if it is none.
func (m *GDay) FromValue(v infoset.Value) error { return m.fromValue(v, layoutDay, "gDay") }

// Value gives the text to write.
func (m GDay) Value() infoset.Value { return infoset.String(m.text) }
