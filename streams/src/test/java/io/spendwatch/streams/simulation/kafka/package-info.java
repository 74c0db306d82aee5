/** Kafka in the simulation: brokers, the group, and the clients that nodes talk to them with. */
package io.spendwatch.streams.simulation.kafka;
