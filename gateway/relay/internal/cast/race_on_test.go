//go:build race

package cast

const raced = true
