package nowait

// Better is better, for tests.
const Better = better
