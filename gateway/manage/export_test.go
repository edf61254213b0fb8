package manage

import "github.com/causeway-relay/causeway/gateway/fail"

// Has reports whether the table has a row for the code.
func Has(code fail.Code) bool { _, ok := statuses[code]; return ok }

// Rows counts the table.
func Rows() int { return len(statuses) }
