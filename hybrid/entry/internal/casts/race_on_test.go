//go:build race

package casts

const raced = true
