/** Who had what done to an installation. */
@org.jspecify.annotations.NullMarked
package io.spendwatch.ops.storage.trail;
