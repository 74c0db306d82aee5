package io.spendwatch.ops.lab.bench;

import java.util.List;

/** Whoever takes transactions in a turn: a node, or what it is measured against. */
enum Contender {
  NODE("node", "node"),
  BARE_LOOP("bare loop", "bare-loop"),
  KAFKA_STREAMS("Kafka Streams", "kafka-streams");

  private final String label;
  private final String command;

  Contender(String label, String command) {
    this.label = label;
    this.command = command;
  }

  /** For people. */
  String label() {
    return label;
  }

  /** By which it is started. */
  String command() {
    return command;
  }

  /** The turns of a round of a node and this one: each goes first as often as the other. */
  List<Contender> turns(int round) {
    List<Contender> turns = List.of(NODE, this);
    return round % 2 == 0 ? turns : turns.reversed();
  }
}
