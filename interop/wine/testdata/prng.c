/* bcryptprimitives.dll for a wine that lacks it (before 9.0): Go's programs ask it for random bytes at their start. Tests only. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T n)
{
    return RtlGenRandom(data, (ULONG)n);
}
