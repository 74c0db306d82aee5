/** Questions about users, from any node to the one that holds their partition. */
package io.spendwatch.actors.address;
