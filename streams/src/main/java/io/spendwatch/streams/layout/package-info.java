/** Which users are at home in a partition, and what happens when the topic grows. */
package io.spendwatch.streams.layout;
