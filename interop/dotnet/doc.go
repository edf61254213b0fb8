// Package dotnet runs programs on Microsoft's own libraries, built elsewhere: the interop kit, a folder with a runtime and the
// programs, told by CAUSEWAY_INTEROP_KIT. Where it is not there, its stories are skipped and say so.
//
// Only tests import it, from the test's own goroutine, after interop.Need(t, "dotnet").
package dotnet
