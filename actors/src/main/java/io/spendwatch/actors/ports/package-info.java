/** What the actors ask from outside. {@code streams} answers it from PostgreSQL. */
package io.spendwatch.actors.ports;
