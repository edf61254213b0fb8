// Package wine runs the Windows program, built here, under wine: what no other test of this tree can show of Windows. It owns
// nothing but these stories. Without wine they are skipped; scripts/need wine installs it on Debian.
package wine
