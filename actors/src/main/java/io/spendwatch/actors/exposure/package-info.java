/**
 * The rule for one user: window, verdicts, episodes, and the second look that late records need.
 * Plain Java: no actor, no Kafka, no SQL, no clock. {@link
 * io.spendwatch.actors.exposure.UserExposure} is the way in.
 */
@NullMarked
package io.spendwatch.actors.exposure;

import org.jspecify.annotations.NullMarked;
