/** What the actors ask from outside. {@code streams} answers it from PostgreSQL. */
@NullMarked
package io.spendwatch.actors.ports;

import org.jspecify.annotations.NullMarked;
