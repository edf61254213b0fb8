//go:build !race

package cast

// raced says that pools drop what they get, as they do under the race detector.
const raced = false
