/** Which users are at home in a partition, and what happens when the topic grows. */
@NullMarked
package io.spendwatch.streams.layout;

import org.jspecify.annotations.NullMarked;
