package infoset

// Zone is what a .NET DateTime knows about its time zone (DateTimeKind).
type Zone uint8

// Zones.
const (
	// ZoneNone: no time zone; written without one.
	ZoneNone Zone = iota
	// ZoneUTC: written with Z.
	ZoneUTC
	// ZoneLocal: an instant that its sender showed in local time. On the wire it
	// is in UTC ([MC-NBFX] 2.2.3.14), so it is written with +00:00.
	ZoneLocal
)

// Ticks are units of 100 ns.
const (
	ticksPerSecond = 10_000_000
	secondsPerDay  = 86_400
	ticksPerDay    = ticksPerSecond * secondsPerDay
	// MaxTicks is 9999-12-31T23:59:59.9999999, the last DateTime.
	MaxTicks = 3_652_059*ticksPerDay - 1
)

// DateTime makes a time: ticks of 100 ns since 0001-01-01T00:00:00, at most
// MaxTicks (more is cut to that).
func DateTime(ticks uint64, zone Zone) Value {
	return Value{meta: pack(TypeDateTime, InFull, uint8(zone)), lo: min(ticks, MaxTicks)}
}

// TimeSpan makes a duration in ticks of 100 ns.
func TimeSpan(ticks int64) Value { return Value{meta: meta(TypeTimeSpan), lo: uint64(ticks)} }

// Ticks gives the ticks and zone of a TypeDateTime.
func (v Value) Ticks() (ticks uint64, zone Zone) { return v.lo, Zone(v.meta.aux()) }

// setDateTime reads 62 bits of ticks and 2 of kind. Kind 3 is local too: .NET
// uses it for the doubled hour when daylight saving ends.
func (v *Value) setDateTime(u uint64) Reason {
	ticks, zone := u&(1<<62-1), Zone(u>>62)
	if ticks > MaxTicks {
		return BadValue
	}
	v.set(pack(TypeDateTime, InFull, uint8(min(zone, ZoneLocal))), ticks, 0)
	return 0
}

// appendDateTime writes yyyy-MM-ddTHH:mm:ss[.fffffff][Z|+00:00], the fraction
// without trailing zeros.
func appendDateTime(dst []byte, v Value) []byte {
	y, m, d := civil(int64(v.lo / ticksPerDay))
	dst = appendPadded(dst, uint64(y), 4)
	dst = appendPadded(append(dst, '-'), uint64(m), 2)
	dst = appendPadded(append(dst, '-'), uint64(d), 2)
	t := v.lo % ticksPerDay
	dst = appendPadded(append(dst, 'T'), t/(3600*ticksPerSecond), 2)
	dst = appendPadded(append(dst, ':'), t/(60*ticksPerSecond)%60, 2)
	dst = appendPadded(append(dst, ':'), t/ticksPerSecond%60, 2)
	dst = appendFraction(dst, t%ticksPerSecond)
	switch Zone(v.meta.aux()) {
	case ZoneUTC:
		return append(dst, 'Z')
	case ZoneLocal:
		return append(dst, "+00:00"...)
	}
	return dst
}

// civil turns days since 0001-01-01 into a date of the Gregorian calendar. It
// counts in eras of 400 years that begin on the first of March.
func civil(days int64) (y int64, m, d int) {
	z := days + 306 // since 0000-03-01
	era, doe := z/146_097, z%146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy - (153*mp+2)/5 + 1)
	m = int(mp) + 3
	y = yoe + era*400
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

func appendPadded(dst []byte, n uint64, width int) []byte {
	var b [20]byte
	i := len(b)
	for n > 0 || width > 0 {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, b[i:]...)
}

func appendFraction(dst []byte, ticks uint64) []byte {
	if ticks == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), ticks, 7)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendTimeSpan writes PnDTnHnMn.nS; days are the largest unit, and only parts
// that are not zero are written.
func appendTimeSpan(dst []byte, ticks int64) []byte {
	u := uint64(ticks)
	if ticks < 0 {
		dst = append(dst, '-')
		u = -u
	}
	if u == 0 {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	if d := u / ticksPerDay; d > 0 {
		dst = append(appendPadded(dst, d, 1), 'D')
	}
	u %= ticksPerDay
	if u == 0 {
		return dst
	}
	dst = append(dst, 'T')
	if h := u / (3600 * ticksPerSecond); h > 0 {
		dst = append(appendPadded(dst, h, 1), 'H')
	}
	if m := u / (60 * ticksPerSecond) % 60; m > 0 {
		dst = append(appendPadded(dst, m, 1), 'M')
	}
	if s := u % (60 * ticksPerSecond); s > 0 {
		dst = appendPadded(dst, s/ticksPerSecond, 1)
		dst = append(appendFraction(dst, s%ticksPerSecond), 'S')
	}
	return dst
}
