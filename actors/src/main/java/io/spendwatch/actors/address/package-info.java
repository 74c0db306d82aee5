/** Questions about users, from any node to the one that holds their partition. */
@NullMarked
package io.spendwatch.actors.address;

import org.jspecify.annotations.NullMarked;
