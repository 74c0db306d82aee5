/**
 * What all of it stands on: settings (no defaults here, those are in {@code reference.conf}), time
 * that is given, tries at a pace that spares whoever is in trouble, and work that comes round.
 */
@NullMarked
package io.spendwatch.streams.base;

import org.jspecify.annotations.NullMarked;
