/** Who had what done to an installation. */
package io.spendwatch.ops.storage.trail;
