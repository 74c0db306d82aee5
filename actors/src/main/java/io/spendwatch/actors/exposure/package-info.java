/**
 * The rule for one user: window, verdicts, episodes, and the second look that late records need.
 * Plain Java: no actor, no Kafka, no SQL, no clock. {@link
 * io.spendwatch.actors.exposure.UserExposure} is the way in, and says what a transaction comes to;
 * {@link io.spendwatch.actors.exposure.UserTimeline} has time pass between them; what came late is
 * held against {@link io.spendwatch.actors.exposure.PastBreaches} by a {@link
 * io.spendwatch.actors.exposure.LateReview}.
 */
@NullMarked
package io.spendwatch.actors.exposure;

import org.jspecify.annotations.NullMarked;
