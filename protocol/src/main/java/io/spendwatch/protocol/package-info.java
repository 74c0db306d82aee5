/** What crosses a boundary: records, codecs, topic names and keys. A subscriber's library. */
package io.spendwatch.protocol;
