//go:build !race

package casts

const raced = false
