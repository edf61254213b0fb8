package meet

import "slices"

// Choice is the first protocol of the listener's list that the sender offered (reference section 7).
func Choice(offers, answer []string) string {
	for _, a := range answer {
		if slices.Contains(offers, a) {
			return a
		}
	}
	return ""
}
