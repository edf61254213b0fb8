// Package jsonform owns how values of generated types are JSON. A value follows its model, as its XML does:
//
//   - A struct is an object, its members in the order of the schema: the local names of elements; "@a" of attribute a; "$" for the text of
//     simple content. What has two fields of one name numbers the second: Leaf.JSON.
//   - What may repeat is an array always. One that is absent is [], in the branch of a choice it is left out.
//   - nil is null; of an element with attributes {"@a": ..., "$": null}. Absent is no member.
//   - Booleans, floats and whole numbers of at most 32 bits are those of JSON; long, decimal and integers of any size are strings, and so
//     are NaN and INF. Times are their text. Binary data are base64 or upper-case hex. A QName is "{namespace}local".
//   - A repeated group is "$items": an array of objects, so order survives. An element that others substitute holds an object of one
//     member. A derived type says "$type": its local name, or "{namespace}local" in another namespace than the declared one's.
//   - What a wildcard takes is "$any": {"$element", "$ns", "@a", and "$" for text alone or "$mixed" for content in order}. xs:anyType is
//     the same without a name, with "$type". Mixed content is "$mixed": an array of text and such objects.
//
// The package owns no JSON endpoint and no schema of JSON. Depth and size of what is read are bounded by maxJSONDepth and by the text
// that the caller has in memory already.
//
// Sources: RFC 8259 for JSON, RFC 6901 for the pointers of errors; the mapping is our own.
//
// Its functions may be called by many goroutines at a time.
package jsonform
